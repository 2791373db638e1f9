package transport

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		origins, origin string
		// allowed and credentials are headers of the response.
		allowed, credentials string
	}{
		"none are listed": {"", listedOrigin, "", ""},
		"listed":          {listedOrigin + "," + ownOrigin, listedOrigin, listedOrigin, "true"},
		"another":         {listedOrigin, otherOrigin, "", ""},
		"longer":          {listedOrigin, listedOrigin + ".evil.example.org", "", ""},
		"another scheme":  {listedOrigin, strings.Replace(listedOrigin, "https", "http", 1), "", ""},
		"all":             {"*", otherOrigin, "*", ""},
		"all and listed":  {"*," + listedOrigin, listedOrigin, "*", ""},
		"no browser":      {listedOrigin, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := CORS(mustParseOrigins(t, test.origins), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			for _, method := range []string{http.MethodOptions, http.MethodPost} {
				request := httptest.NewRequest(method, ownOrigin+"/graphql", nil)
				if test.origin != "" {
					request.Header.Set("Origin", test.origin)
				}
				if method == http.MethodOptions {
					request.Header.Set("Access-Control-Request-Method", http.MethodPost)
					request.Header.Set("Access-Control-Request-Headers", "authorization,content-type,x-graphql-cost")
				}
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, request)
				header := recorder.Header()
				allowed, credentials := header.Get("Access-Control-Allow-Origin"), header.Get("Access-Control-Allow-Credentials")
				if allowed != test.allowed || credentials != test.credentials {
					t.Errorf("%s: allowed %q, credentials %q", method, allowed, credentials)
				}
				if test.origins != "" && !slices.ContainsFunc(header.Values("Vary"), func(vary string) bool { return strings.Contains(vary, "Origin") }) {
					t.Errorf("%s: Vary is %q", method, header.Values("Vary"))
				}
			}
		})
	}
}

// TestCORSHeaders checks the headers that a front end of another origin may send and read.
func TestCORSHeaders(t *testing.T) {
	t.Parallel()
	handler := CORS(mustParseOrigins(t, listedOrigin), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	request := httptest.NewRequest(http.MethodPost, ownOrigin+"/graphql", nil)
	request.Header.Set("Origin", listedOrigin)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	exposed := recorder.Header().Get("Access-Control-Expose-Headers")
	for _, name := range []string{"X-Request-Id", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} {
		if !strings.Contains(strings.ToLower(exposed), strings.ToLower(name)) {
			t.Errorf("%s is not exposed: %s", name, exposed)
		}
	}
	for _, name := range []string{
		"authorization", "content-type", "apollo-require-preflight", "x-requested-with", "authorization,content-type,x-graphql-cost",
		"apollographql-client-name,apollographql-client-version", "baggage,sentry-trace", "traceparent,tracestate",
		"x-datadog-origin,x-datadog-parent-id,x-datadog-trace-id", "idempotency-key",
	} {
		request := httptest.NewRequest(http.MethodOptions, ownOrigin+"/graphql", nil)
		request.Header.Set("Origin", listedOrigin)
		request.Header.Set("Access-Control-Request-Method", http.MethodPost)
		request.Header.Set("Access-Control-Request-Headers", name)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if allowed := recorder.Header().Get("Access-Control-Allow-Headers"); allowed != name {
			t.Errorf("%s is not allowed: %q", name, allowed)
		}
	}
}

func mustParseOrigins(t *testing.T, list string) Origins {
	t.Helper()
	origins, err := ParseOrigins(list)
	if err != nil {
		t.Fatal(err)
	}
	return origins
}
