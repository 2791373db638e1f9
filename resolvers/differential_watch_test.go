package resolvers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"crm/auth"
	"crm/graph"
)

// rootFields counts the root fields of an operation that returned a value, and how many of these values the fast path
// rendered.
type rootFields struct{ returned, rendered int }

// watch runs the operation once more and counts values that the fast path rendered, which the field interceptors return to
// gqlgen's executor as a finished Marshaler.
func (r request) watch(tb testing.TB, exec *graph.Executor) rootFields {
	tb.Helper()
	ctx := context.WithValue(auth.WithViewer(tb.Context(), r.viewer), failuresKey{}, r.failures)
	ctx = graphql.StartOperationTrace(ctx)
	operation, errs := exec.CreateOperationContext(ctx, r.params(tb))
	if len(errs) > 0 {
		return rootFields{}
	}
	var mutex sync.Mutex
	var seen rootFields
	intercept := operation.ResolverMiddleware
	operation.ResolverMiddleware = func(ctx context.Context, next graphql.Resolver) (any, error) {
		value, err := intercept(ctx, next)
		if value == nil || err != nil || !mayBeRendered(graphql.GetFieldContext(ctx)) {
			return value, err
		}
		mutex.Lock()
		defer mutex.Unlock()
		seen.returned++
		if _, ok := value.(graphql.Marshaler); ok {
			seen.rendered++
		}
		return value, nil
	}
	handler, ctx := exec.DispatchOperation(ctx, operation)
	handler(ctx)
	return seen
}

// params returns the request's parameters as a transport reads them.
func (r request) params(tb testing.TB) *graphql.RawParams {
	tb.Helper()
	text, err := json.Marshal(r.variables)
	if err != nil {
		tb.Fatal(err)
	}
	params := &graphql.RawParams{Query: r.query, OperationName: r.name, Headers: http.Header{}}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&params.Variables); err != nil {
		tb.Fatal(err)
	}
	return params
}

// mayBeRendered reports whether a field is a root field, except introspection and leaves.
func mayBeRendered(field *graphql.FieldContext) bool {
	return len(field.Field.Selections) > 0 && (field.Object == "Query" || field.Object == "Mutation") && !strings.HasPrefix(field.Field.Name, "__")
}
