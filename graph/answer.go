package graph

import (
	"context"
	"encoding/json"
	"io"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
	"crm/graph/apierror"
)

// answerLimits bounds responses: their size while they are written, and the number of their errors.
type answerLimits struct{ limits Limits }

var (
	_ graphql.ResponseInterceptor  = answerLimits{}
	_ graphql.RootFieldInterceptor = answerLimits{}
)

// ExtensionName implements graphql.HandlerExtension.
func (answerLimits) ExtensionName() string { return "AnswerLimits" }

// Validate implements graphql.HandlerExtension.
func (answerLimits) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse implements graphql.ResponseInterceptor.
func (l answerLimits) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := &answerStats{maxSize: int64(l.limits.Answer), maxErrors: int64(l.limits.Errors)}
	state := stateOf(ctx)
	state.answer = answer
	defer func() { state.answer = nil }()
	response := next(ctx)
	switch {
	case response == nil:
	case answer.size.Load() > answer.maxSize:
		response.Data = json.RawMessage("null")
		response.Errors = gqlerror.List{apierror.Coded(answer.tooLarge())}
	case answer.errors.Load() > answer.maxErrors:
		response.Errors = append(response.Errors, apierror.Coded(store.Errorf(
			apierror.QueryTooComplex, "there are %d errors; at most %d are shown", answer.errors.Load(), answer.maxErrors,
		)))
	}
	return response
}

// InterceptRootField implements graphql.RootFieldInterceptor.
func (answerLimits) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	value := next(ctx)
	answer := stateOf(ctx).answer
	if _, isRendered := value.(*rendered); isRendered || value == nil || value == graphql.Null || answer == nil {
		return value // the fast path has already counted its size
	}
	return graphql.WriterFunc(func(w io.Writer) {
		value.MarshalGQL(&answerWriter{answer: answer, writer: w})
	})
}

// answerStats counts the bytes and errors of a response so far.
type answerStats struct {
	maxSize, maxErrors int64
	size, errors       atomic.Int64
	// panicked is the cause of the last panic.
	panicked atomic.Pointer[string]
}

// grow adds to the size; it reports whether the response is still within the limit.
func (a *answerStats) grow(size int) bool {
	return a == nil || a.size.Add(int64(size)) <= a.maxSize
}

// admitError counts an error; it reports whether to show it.
func (a *answerStats) admitError() bool {
	return a == nil || a.errors.Add(1) <= a.maxErrors
}

// admitPanic reports whether to log a panic with that cause.
func (a *answerStats) admitPanic(cause string) bool {
	if a == nil {
		return true
	}
	last := a.panicked.Swap(&cause)
	return last == nil || *last != cause
}

func (a *answerStats) tooLarge() *store.Error {
	return store.Errorf(apierror.QueryTooComplex, "the response is larger than the %d bytes allowed; ask for less at a time", a.maxSize)
}

// answerWriter writes a response until it is too large, and drops the rest.
type answerWriter struct {
	answer *answerStats
	writer io.Writer
}

// Write implements io.Writer.
func (w *answerWriter) Write(content []byte) (int, error) {
	if !w.answer.grow(len(content)) {
		return len(content), nil
	}
	return w.writer.Write(content)
}
