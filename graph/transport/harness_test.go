package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/auth"
	"crm/db/store"
	"crm/graph/apierror"
	"crm/graph/transport/transporttest"
)

// newTestExecutor returns gqlgen's executor, which adds codes to errors, and logs panics, internal errors and operations.
func newTestExecutor(schema graphql.ExecutableSchema, log *slog.Logger) *executor.Executor {
	inner := executor.New(schema)
	inner.SetRecoverFunc(func(_ context.Context, cause any) error { return fmt.Errorf("panic: %v", cause) })
	inner.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error { return present(ctx, log, err) })
	inner.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		response := next(ctx)
		if response != nil {
			logResponse(ctx, log, response)
		}
		return response
	})
	return inner
}

func present(ctx context.Context, log *slog.Logger, err error) *gqlerror.Error {
	var known *gqlerror.Error
	var coded *store.Error
	switch {
	case errors.As(err, &known) && apierror.CodeOf(known) != "":
		return known
	case errors.As(err, &coded):
		return apierror.Coded(coded)
	case errors.Is(err, context.DeadlineExceeded):
		return apierror.Coded(store.Errorf(store.Unavailable, "the request took too long"))
	}
	log.ErrorContext(ctx, "internal error", "error", err)
	return &gqlerror.Error{Message: "internal error", Extensions: map[string]any{
		"code": string(apierror.InternalError), "requestId": RequestID(ctx),
	}}
}

func logResponse(ctx context.Context, log *slog.Logger, response *graphql.Response) {
	attributes := []any{"requestId", RequestID(ctx)}
	if graphql.HasOperationContext(ctx) {
		if operation := graphql.GetOperationContext(ctx).Operation; operation != nil {
			attributes = append(attributes, "operation", operation.Name, "type", operation.Operation)
		}
	}
	viewer, _ := auth.ViewerFrom(ctx)
	codes := []store.Code{}
	for _, err := range response.Errors {
		codes = append(codes, apierror.CodeOf(err))
	}
	log.InfoContext(ctx, "operation", append(attributes, "role", viewer.Role, "errors", codes)...)
}

func requestBody(t *testing.T, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// streamServer serves a schema of package transporttest.
type streamServer struct {
	t       *testing.T
	web     *httptest.Server
	handler *Handler
	schema  *transporttest.Schema
	tokens  *transporttest.Tokens
	log     *transporttest.Log
	run     *runner
}

func newStreamServer(t *testing.T, config Config) *streamServer {
	t.Helper()
	s := &streamServer{t: t, schema: transporttest.NewSchema(), tokens: new(transporttest.Tokens), log: new(transporttest.Log)}
	config.Authenticator = s.tokens
	config.Logger = slog.New(slog.NewJSONHandler(s.log, nil))
	config.Executor = newTestExecutor(s.schema, config.Logger)
	s.run = newRunner(config)
	s.handler = newHandler(s.run, config)
	identified := WithRequestID(s.handler)
	s.web = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		viewer := auth.Viewer{Address: "192.0.2.1"}
		if token, _ := bearerToken(r.Header.Get("Authorization")); token != "" {
			viewer, _ = s.tokens.Authenticate(r.Context(), token, viewer.Address)
		}
		identified.ServeHTTP(w, r.WithContext(auth.WithViewer(r.Context(), viewer)))
	}))
	// Streams outlive these timeouts.
	s.web.Config.ReadTimeout, s.web.Config.WriteTimeout = time.Second, time.Second
	s.web.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		s.handler.streams.mutex.Lock()
		stopping := s.handler.streams.stopping
		s.handler.streams.mutex.Unlock()
		if !stopping {
			s.handler.EndStreams(ctx)
		}
		if open := s.handler.streams.count(); open > 0 {
			t.Errorf("%d streams are still open", open)
		}
		s.web.Close()
	})
	return s
}
