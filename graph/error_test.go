package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
	"crm/graph/apierror"
)

type resolverError struct {
	err           error
	code, message string
	fields        string
	retryAfter    int
}

// resolverErrors returns errors of resolvers with the errors that clients see.
func resolverErrors() map[string]resolverError {
	problems := store.Problems{{Path: "input.email", Message: "is in use"}, {Path: "input.name", Message: "is too long"}}
	cause := errors.New("secret")
	unavailable := &store.Error{Code: store.Unavailable, Message: "try later", Err: cause}
	limited := &store.Error{Code: store.RateLimited, Message: "slow down", RetryAfter: 1200 * time.Millisecond}
	internal := func(err error) resolverError {
		return resolverError{err: err, code: "INTERNAL_SERVER_ERROR", message: "internal error"}
	}
	interrupted := func(err error, message string) resolverError {
		return resolverError{err: fmt.Errorf("secret: %w", err), code: "UNAVAILABLE", message: message}
	}
	return map[string]resolverError{
		"coded":        {err: store.Errorf(store.NotFound, "no such user"), code: "NOT_FOUND", message: "no such user"},
		"wrapped":      {err: fmt.Errorf("secret: %w", store.Errorf(store.Conflict, "stale")), code: "CONFLICT", message: "stale"},
		"cause hidden": {err: unavailable, code: "UNAVAILABLE", message: "try later"},
		"fields": {
			err: problems.Err(), code: "BAD_USER_INPUT", fields: "input.email,input.name",
			message: "input.email: is in use; input.name: is too long",
		},
		"retry":        {err: limited, code: "RATE_LIMITED", message: "slow down", retryAfter: 2},
		"deadline":     interrupted(context.DeadlineExceeded, "the request took too long"),
		"cancelled":    interrupted(context.Canceled, "the request was cancelled"),
		"plain":        internal(cause),
		"by gqlgen":    internal(gqlerror.Errorf("secret")),
		"without code": internal(&store.Error{Message: "secret"}),
	}
}

func TestErrorsOfResolvers(t *testing.T) {
	t.Parallel()
	for name, test := range resolverErrors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTestServer(t, HandlerConfig{Resolvers: stubResolvers{
				viewer: func(context.Context) (Viewer, error) { return nil, test.err },
			}})
			got := server.query("{me: viewer{__typename}}", "X-Request-Id: request-1")
			if got.codes() != test.code || got.messages() != test.message || got.fields() != test.fields {
				t.Fatalf("got %d: %s", got.status, got.body)
			}
			first := got.parsed.Errors[0]
			if string(got.parsed.Data) != `{"me":null}` || fmt.Sprint(first.Path) != "[me]" || len(first.Locations) != 1 {
				t.Errorf("got %s", got.body)
			}
			if first.Extensions.RetryAfter != test.retryAfter {
				t.Errorf("retryAfter is %d", first.Extensions.RetryAfter)
			}
			isInternal := test.code == "INTERNAL_SERVER_ERROR"
			if isInternal != (first.Extensions.RequestID == "request-1") {
				t.Errorf("requestId is %q", first.Extensions.RequestID)
			}
			if isInternal && strings.Count(server.log.String(), "secret") != 1 {
				t.Errorf("the log is %s", server.log)
			}
		})
	}
}

func TestPanicIsMasked(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Resolvers: stubResolvers{
		viewer: func(context.Context) (Viewer, error) { panic("secret") },
	}})
	got := server.query("{viewer{__typename}}", "X-Request-Id: request-1")
	if got.status != 200 || got.codes() != "INTERNAL_SERVER_ERROR" || strings.Contains(got.body, "secret") {
		t.Errorf("got %d: %s", got.status, got.body)
	}
	log := server.log.String()
	if strings.Count(log, "secret") != 1 || strings.Count(log, "TestPanicIsMasked") == 0 || strings.Count(log, "request-1") != 2 {
		t.Errorf("the log is %s", log)
	}
}

func TestPanicOfNewOperationIsMasked(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{NewOperation: func(context.Context) context.Context { panic("secret") }})
	got := server.query("{__typename}")
	if got.status != 500 || got.codes() != "INTERNAL_SERVER_ERROR" || strings.Contains(got.body, "secret") {
		t.Errorf("got %d: %s", got.status, got.body)
	}
}

// The checks before execution leave no errors in arguments for gqlgen to find. If it finds one all the same, clients must
// not see its Go error text.
func TestErrorsOfArguments(t *testing.T) {
	t.Parallel()
	presenter := presenter{log: slog.New(slog.DiscardHandler)}
	field := graphql.CollectedField{Field: &ast.Field{Alias: "tickets"}}
	path := ast.Path{ast.PathName("tickets"), ast.PathName("orderBy"), ast.PathIndex(0), ast.PathName("field")}
	for _, test := range []struct {
		args map[string]any
		path ast.Path
		want store.Code
	}{
		{nil, path, store.BadInput}, {map[string]any{}, path, apierror.InternalError}, {nil, path[:1], apierror.InternalError},
	} {
		ctx := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{Field: field, Args: test.args})
		got := presenter.present(ctx, gqlerror.WrapPath(test.path, errors.New("strconv.ParseInt")))
		if apierror.CodeOf(got) != test.want || strings.Contains(got.Message, "strconv") {
			t.Errorf("%v got %v", test, got)
		}
		if test.want == store.BadInput && got.Extensions["fields"].([]apierror.FieldProblem)[0].Path != "orderBy.0.field" {
			t.Errorf("got %v", got.Extensions)
		}
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	queries := map[string]string{
		"field":               `{ticket(id:1){statu}}`,
		"subselection":        `{viewer}`,
		"inline fragment":     `{viewer{name}}`,
		"argument":            `{ticket(di:1){id}}`,
		"directive argument":  `{__typename @skip(iff:true)}`,
		"input field":         `{tickets(where:{statu:null}){totalCount}}`,
		"enum value":          `{tickets(orderBy:{field:CREATED}){totalCount}}`,
		"enum value as text":  `{tickets(orderBy:{field:"CREATED_A"}){totalCount}}`,
		"type":                `{...a} fragment a on Quer{__typename}`,
		"type of an operator": `{node(id:1){... on Tickt{id}}}`,
	}
	for _, introspection := range []bool{true, false} {
		server := newTestServer(t, HandlerConfig{Introspection: introspection})
		found := 0
		for name, query := range queries {
			got := server.query(query)
			if !strings.Contains(got.codes(), "GRAPHQL_VALIDATION_FAILED") {
				t.Errorf("%s got %s", name, got.body)
			}
			if strings.Contains(got.body, "Did you mean") {
				found++
				if !introspection {
					t.Errorf("%s got %s", name, got.body)
				}
			}
		}
		if introspection && found < 7 {
			t.Errorf("only %d queries got suggestions", found)
		}
	}
}

func TestIntrospectionOff(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	for _, query := range []string{
		`{__schema{queryType{name}}}`, `{__type(name:"User"){name}}`, `{...a} fragment a on Query{b:__schema{types{name}}}`,
	} {
		got := server.query(query, acceptGraphQL)
		if got.status != 400 || got.codes() != "GRAPHQL_VALIDATION_FAILED" || !strings.Contains(got.body, "Introspection is off") {
			t.Errorf("%s got %d %s", query, got.status, got.body)
		}
	}
	if got := server.query(`{__typename}`); string(got.parsed.Data) != `{"__typename":"Query"}` {
		t.Errorf("got %s", got.body)
	}
	if got := server.do(http.MethodPost, "/", requestBody(t, "query($a:Role){__typename}", nil)); got.codes() == "" {
		t.Errorf("got %s", got.body)
	}
}
