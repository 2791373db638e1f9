package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// sessions is a Sessions that answers always the same, as a function.
type sessions func(viewer Viewer) (Viewer, bool, error)

func (s sessions) Live(_ context.Context, viewer Viewer) (Viewer, bool, error) { return s(viewer) }

func TestMiddleware(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, Keys{usersKey}, Keys{customersKey})
	token, expires, err := tokens.Issue(someUser)
	if err != nil {
		t.Fatal(err)
	}
	promoted := someUser
	promoted.Role, promoted.Expires = Admin, expires
	// The sessions may know the viewer by an earlier token.
	live := func(Viewer) (Viewer, bool, error) {
		earlier := promoted
		earlier.Expires = expires.Add(-time.Minute)
		return earlier, true, nil
	}
	ended := func(Viewer) (Viewer, bool, error) { return someUser, false, nil }
	down := func(Viewer) (Viewer, bool, error) { return Viewer{}, false, errors.New("no route to 10.0.0.7") }
	for _, test := range []struct {
		name, header string
		sessions     sessions
		status       int
		viewer       Viewer
	}{
		{"no header", "", down, http.StatusOK, Viewer{}},
		{"a preset header without a token", "Bearer ", down, http.StatusOK, Viewer{}},
		{"a preset header without its space", "Bearer", down, http.StatusOK, Viewer{}},
		{"a good token gets the role of now", "Bearer " + token, live, http.StatusOK, promoted},
		{"the scheme in another case", "bearer  " + token, live, http.StatusOK, promoted},
		{"a session that has ended", "Bearer " + token, ended, http.StatusUnauthorized, Viewer{}},
		{"a bad token", "Bearer " + token + "x", live, http.StatusUnauthorized, Viewer{}},
		{"a token without its scheme", token, live, http.StatusUnauthorized, Viewer{}},
		{"Basic", "Basic cm9oYW46cm9oYW4=", live, http.StatusUnauthorized, Viewer{}},
		{"Basic without anything", "Basic ", live, http.StatusUnauthorized, Viewer{}},
		{"no answer from the sessions", "Bearer " + token, down, http.StatusServiceUnavailable, Viewer{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			var seen *Viewer
			handler := NewAuthenticator(tokens, test.sessions, nil, slog.New(slog.NewTextHandler(&log, nil))).
				Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					viewer, loggedIn := ViewerFrom(r.Context())
					if loggedIn != viewer.LoggedIn() || ScopeFrom(r.Context()) != viewer.Scope() {
						t.Errorf("the context says %v of the viewer %+v", loggedIn, viewer)
					}
					seen = &viewer
				}))
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
			if test.viewer.Address = "192.0.2.1"; seen != nil && *seen != test.viewer {
				t.Errorf("the viewer is %+v, want %+v", *seen, test.viewer)
			}
			if seen == nil {
				checkRefusal(t, recorder)
			}
			if text := log.String() + recorder.Body.String(); strings.Contains(text, token) {
				t.Errorf("the token shows: %s", text)
			}
			if strings.Contains(recorder.Body.String(), "10.0.0.7") || strings.Contains(log.String(), "10.0.0.7") != (test.status == 503) {
				t.Errorf("the cause belongs into the log and nowhere else: %s", recorder.Body.String())
			}
		})
	}
}

// checkRefusal checks that a refused request's answer is one that GraphQL clients and caches understand.
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

// Clients read the code of an error with another status than 200 only from an answer that is surely GraphQL's.
func TestRefusalHasTheMediaTypeThatTheClientReads(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, Keys{usersKey}, Keys{customersKey})
	handler := NewAuthenticator(tokens, nil, nil, slog.New(slog.DiscardHandler)).Middleware(http.NotFoundHandler())
	for _, test := range []struct{ accept, media string }{
		{"", "application/json; charset=utf-8"},
		{"*/*", "application/json; charset=utf-8"},
		{"application/json", "application/json; charset=utf-8"},
		{"text/event-stream", "application/json; charset=utf-8"},
		{"application/graphql-response+json", "application/graphql-response+json; charset=utf-8"},
		{"application/graphql-response+json,application/json;q=0.9", "application/graphql-response+json; charset=utf-8"},
		{"application/json;q=0.9, Application/GraphQL-Response+JSON", "application/graphql-response+json; charset=utf-8"},
	} {
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.Header.Set("Authorization", "Bearer x")
		request.Header.Set("Accept", test.accept)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if media := recorder.Header().Get("Content-Type"); recorder.Code != http.StatusUnauthorized || media != test.media {
			t.Errorf("%q gets %d %s, want %s", test.accept, recorder.Code, media, test.media)
		}
	}
}

func TestParseProxies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		list string
		n    int
		ok   bool
	}{
		{"", 0, true},
		{" , ", 0, true},
		{"10.0.0.1", 1, true},
		{"10.0.0.0/8, 192.168.1.1 ,::1,fd00::/8", 4, true},
		{"10.0.0.0/33", 0, false},
		{"10.0.0.256", 0, false},
		{"proxy.example.com", 0, false},
		{"10.0.0.1,*", 0, false},
	} {
		proxies, err := ParseProxies(test.list)
		if (err == nil) != test.ok || len(proxies) != test.n {
			t.Errorf("%q gives %v, %v", test.list, proxies, err)
		}
	}
}

func TestAddressBelievesOnlyTrustedProxies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, proxies, peer string
		forwarded           []string
		want                string
	}{
		{"no proxy", "", "192.0.2.1:1234", nil, "192.0.2.1"},
		{"a header that anybody may send", "", "192.0.2.1:1234", []string{"198.51.100.1"}, "192.0.2.1"},
		{"a header from a peer that isn't a proxy", "10.0.0.0/8", "192.0.2.1:1234", []string{"198.51.100.1"}, "192.0.2.1"},
		{"behind one proxy", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1"}, "192.0.2.1"},
		{"behind two proxies", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"in two headers", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1"},
		{"the client made up the first hop", "10.0.0.0/8", "10.0.0.1:1234", []string{"198.51.100.1, 192.0.2.1"}, "192.0.2.1"},
		{"the client made up a proxy", "10.0.0.0/8", "10.0.0.1:1234", []string{"198.51.100.1, 10.0.0.9, 192.0.2.1"}, "192.0.2.1"},
		{"the client sent garbage", "10.0.0.0/8", "10.0.0.1:1234", []string{"garbage, 192.0.2.1"}, "192.0.2.1"},
		{"the proxy sent garbage", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1, garbage"}, "10.0.0.1"},
		{"the proxy sent nothing", "10.0.0.0/8", "10.0.0.1:1234", nil, "10.0.0.1"},
		{"only proxies", "10.0.0.0/8", "10.0.0.1:1234", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"IPv6", "::1", "[::1]:1234", []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv4 in IPv6", "10.0.0.1", "[::ffff:10.0.0.1]:1234", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"a peer without a port", "", "192.0.2.1", nil, "192.0.2.1"},
		{"a peer that is no address", "10.0.0.0/8", "@", []string{"192.0.2.1"}, "@"},
	} {
		proxies, err := ParseProxies(test.proxies)
		if err != nil {
			t.Fatal(err)
		}
		request := &http.Request{RemoteAddr: test.peer, Header: http.Header{"X-Forwarded-For": test.forwarded}}
		if got := proxies.Address(request); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
