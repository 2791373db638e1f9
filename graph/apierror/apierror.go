// Package apierror is how errors look to clients of the API: a message, a code, and the fields of an input that are wrong.
package apierror

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
)

// The codes of errors that concern the request itself; the others are db's.
const (
	BadRequest       store.Code = "BAD_REQUEST"
	ParseFailed      store.Code = "GRAPHQL_PARSE_FAILED"
	ValidationFailed store.Code = "GRAPHQL_VALIDATION_FAILED"
	QueryTooComplex  store.Code = "QUERY_TOO_COMPLEX"
	InternalError    store.Code = "INTERNAL_SERVER_ERROR"
)

// Codes of refusals of documents that are named, and of those that are not trusted. Apollo's and other clients answer the
// first by sending the text.
const (
	PersistedQueryNotFound store.Code = "PERSISTED_QUERY_NOT_FOUND"
	QueryNotTrusted        store.Code = "QUERY_NOT_IN_SAFELIST"
)

// Coded shows an error that is meant for clients.
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

// FieldProblem is what extensions.fields has of a store.Problem.
type FieldProblem struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// CodeOf returns the code that the error shows to clients.
func CodeOf(err *gqlerror.Error) store.Code {
	code, _ := err.Extensions["code"].(string)
	return store.Code(code)
}

// FromError shows an error that is meant for clients; one that isn't has no place in the reading of a request.
func FromError(err error) *gqlerror.Error {
	var coded *store.Error
	if errors.As(err, &coded) {
		return Coded(coded)
	}
	return Coded(store.Errorf(InternalError, "internal error"))
}

// Shorten cuts a client's text to a length at which it is good to read in a message.
func Shorten(text string) string {
	const maxLength = 100
	if len(text) <= maxLength {
		return text
	}
	return strings.ToValidUTF8(text[:maxLength], "") + "…"
}
