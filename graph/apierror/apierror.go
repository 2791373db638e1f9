// Package apierror defines how clients see errors: with a message, a code, and the wrong fields of an input.
package apierror

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
)

// The codes of errors that concern the request itself; db defines the others.
const (
	BadRequest       store.Code = "BAD_REQUEST"
	ParseFailed      store.Code = "GRAPHQL_PARSE_FAILED"
	ValidationFailed store.Code = "GRAPHQL_VALIDATION_FAILED"
	QueryTooComplex  store.Code = "QUERY_TOO_COMPLEX"
	InternalError    store.Code = "INTERNAL_SERVER_ERROR"
)

// The codes for a document id or hash that is unknown, and for a document that is not trusted. Apollo and other clients
// respond to the first by sending the document's text.
const (
	PersistedQueryNotFound store.Code = "PERSISTED_QUERY_NOT_FOUND"
	QueryNotTrusted        store.Code = "QUERY_NOT_IN_SAFELIST"
)

// Coded returns the GraphQL form of an error that is meant for clients.
func Coded(err *store.Error) *gqlerror.Error {
	extensions := map[string]any{"code": string(err.Code)}
	if len(err.Problems) > 0 {
		fields := make([]FieldProblem, len(err.Problems))
		for i, problem := range err.Problems {
			fields[i] = FieldProblem(problem)
		}
		extensions["fields"] = fields
	}
	if err.RetryAfter > 0 {
		extensions["retryAfter"] = int(math.Ceil(float64(err.RetryAfter) / float64(time.Second)))
	}
	return &gqlerror.Error{Message: err.Message, Extensions: extensions}
}

// Interrupted returns the error of a request whose context has ended for that reason.
func Interrupted(reason error) *store.Error {
	if errors.Is(reason, context.DeadlineExceeded) {
		return store.Errorf(store.Unavailable, "the request took too long")
	}
	return store.Errorf(store.Unavailable, "the request was cancelled")
}

// FieldProblem is an entry of extensions.fields for a store.Problem.
type FieldProblem struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// CodeOf returns the error's code as clients see it.
func CodeOf(err *gqlerror.Error) store.Code {
	code, _ := err.Extensions["code"].(string)
	return store.Code(code)
}

// FromError returns the GraphQL form of an error that occurred while a request was read. An error that is not meant for
// clients becomes an internal error.
func FromError(err error) *gqlerror.Error {
	var coded *store.Error
	if errors.As(err, &coded) {
		return Coded(coded)
	}
	return Coded(store.Errorf(InternalError, "internal error"))
}

// Shorten cuts a client's text to a length that is readable in a message.
func Shorten(text string) string {
	const maxLength = 100
	if len(text) <= maxLength {
		return text
	}
	return strings.ToValidUTF8(text[:maxLength], "") + "…"
}
