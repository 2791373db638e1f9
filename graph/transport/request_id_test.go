package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	handler := WithRequestID(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Inside", RequestID(r.Context()))
	}))
	for sent, kept := range map[string]bool{
		"": false, "abc-DEF_1.2": true, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false,
		"a b": false, `a"b`: false, "é": false, "{}": false,
	} {
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.Header.Set("X-Request-Id", sent)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		got := recorder.Header().Get("X-Request-Id")
		if got == "" || (got == sent) != kept || got != recorder.Header().Get("Inside") {
			t.Errorf("%q became %q, and %q inside", sent, got, recorder.Header().Get("Inside"))
		}
	}
}
