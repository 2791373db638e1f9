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

// limitAnswer returns the next response within the limits: of its size, checked while it is written, and of the number of
// its errors.
func limitAnswer(ctx context.Context, limits Limits, next graphql.ResponseHandler) *graphql.Response {
	answer := &answerStats{maxSize: int64(limits.Answer), maxErrors: int64(limits.Errors)}
	state := stateOf(ctx)
	state.answer = answer
	defer func() { state.answer = nil }()
	response := next(ctx)
	if response == nil {
		return nil
	}
	response.Errors = append(response.Errors, graphql.GetErrors(ctx)...)
	switch {
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

// countAnswer counts the value of a root field while it is written.
func countAnswer(ctx context.Context, value graphql.Marshaler) graphql.Marshaler {
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
