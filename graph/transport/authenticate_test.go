package transport

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crm/auth"
	"crm/graph/transport/transporttest"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	user, refused := auth.Viewer{Role: auth.User, Account: auth.ID{1}}, auth.Viewer{Refused: auth.ErrInvalidToken}
	for _, test := range []struct {
		name, header string
		status       int
		viewer       auth.Viewer
	}{
		{"no header", "", http.StatusOK, auth.Viewer{}},
		{"a preset header without a token", "Bearer ", http.StatusOK, auth.Viewer{}},
		{"a preset header without its space", "Bearer", http.StatusOK, auth.Viewer{}},
		{"a good token", "Bearer good", http.StatusOK, user},
		{"the scheme in another case", "bearer  good", http.StatusOK, user},
		{"a bad token", "Bearer hunter2", http.StatusOK, refused},
		{"a token without its scheme", "good", http.StatusOK, refused},
		{"Basic", "Basic cm9oYW46cm9oYW4=", http.StatusOK, refused},
		{"Basic without anything", "Basic ", http.StatusOK, refused},
		{"no answer from the sessions", "Bearer down", http.StatusServiceUnavailable, auth.Viewer{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log transporttest.Log
			var seen *auth.Viewer
			next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				viewer, loggedIn := auth.ViewerFrom(r.Context())
				if loggedIn != viewer.LoggedIn() || auth.ScopeFrom(r.Context()) != viewer.Scope() {
					t.Errorf("the context says %v of the viewer %+v", loggedIn, viewer)
				}
				seen = &viewer
			})
			handler := Authenticate(new(transporttest.Tokens), nil, slog.New(slog.NewTextHandler(&log, nil)), next)
			request := httptest.NewRequest(http.MethodPost, "/", nil)
			request.RemoteAddr = "192.0.2.1:1234"
			if test.header != "" {
				request.Header.Set("Authorization", test.header)
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			if recorder.Code != test.status || (seen != nil) != (test.status == http.StatusOK) {
				t.Fatalf("status %d, passed on: %v, want %d", recorder.Code, seen != nil, test.status)
			}
			if seen != nil && errors.Is(seen.Refused, auth.ErrInvalidToken) {
				seen.Refused = auth.ErrInvalidToken // without the details
			}
			if test.viewer.Address = "192.0.2.1"; seen != nil && *seen != test.viewer {
				t.Errorf("the viewer is %+v, want %+v", *seen, test.viewer)
			}
			if seen == nil {
				checkRefusal(t, recorder)
			}
			// The error of the sessions contains this word, too.
			if strings.Contains(recorder.Body.String(), "hunter2") || strings.Contains(log.String(), "hunter2") != (test.status == 503) {
				t.Errorf("the cause must be in the log only: %s", recorder.Body.String())
			}
		})
	}
}

// checkRefusal checks that GraphQL clients and caches understand the response to a refused request.
func checkRefusal(t *testing.T, recorder *httptest.ResponseRecorder) {
	t.Helper()
	code, challenge, retry := "UNAUTHENTICATED", `Bearer error="invalid_token"`, ""
	if recorder.Code == http.StatusServiceUnavailable {
		code, challenge, retry = "UNAVAILABLE", "", "1"
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "WWW-Authenticate": challenge, "Retry-After": retry,
		"Cache-Control": "no-store",
	} {
		if got := recorder.Header().Get(name); got != want {
			t.Errorf("the header %s is %q, want %q", name, got, want)
		}
	}
	var body struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
		Data json.RawMessage
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
		t.Fatalf("the body %q: %v", recorder.Body, err)
	}
	if len(body.Errors) != 1 || body.Errors[0].Message == "" || body.Errors[0].Extensions.Code != code || body.Data != nil {
		t.Errorf("the body is %s, want one error with code %s", recorder.Body, code)
	}
}

// If the status is not 200, clients read error codes only from responses whose media type is GraphQL's.
func TestRefusalHasTheMediaTypeThatTheClientReads(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	handler := Authenticate(new(transporttest.Tokens), nil, log, NewHandler(Config{Executor: newTestExecutor(transporttest.NewSchema(), log)}))
	for _, test := range []struct{ accept, media string }{
		{"", "application/json; charset=utf-8"},
		{"*/*", "application/json; charset=utf-8"},
		{"application/json", "application/json; charset=utf-8"},
		{"text/event-stream", "application/json; charset=utf-8"},
		{"application/graphql-response+json", "application/graphql-response+json; charset=utf-8"},
		{"application/graphql-response+json,application/json;q=0.9", "application/graphql-response+json; charset=utf-8"},
		{"application/json;q=0.9, Application/GraphQL-Response+JSON", "application/graphql-response+json; charset=utf-8"},
	} {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"query":"{ping}"}`))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer x")
		request.Header.Set("Accept", test.accept)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if media := recorder.Header().Get("Content-Type"); recorder.Code != http.StatusUnauthorized || media != test.media {
			t.Errorf("%q gets %d %s, want %s", test.accept, recorder.Code, media, test.media)
		}
		if test.accept == "" {
			checkRefusal(t, recorder)
		}
	}
}
