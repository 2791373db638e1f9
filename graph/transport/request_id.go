package transport

import (
	"context"
	"crypto/rand"
	"net/http"
)

const (
	requestIDHeader    = "X-Request-Id"
	requestIDMaxLength = 64
)

type requestIDKey struct{}

// RequestID returns the id of the request that ctx belongs to, or "" if WithRequestID gave it none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// WithRequestID gives each request an id, which appears in the response's X-Request-Id header, the log and internal
// errors. A client or proxy may set it in the same header; an id that could garble a log line is replaced.
func WithRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !isRequestID(id) {
			id = rand.Text()
		}
		w.Header().Set(requestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

func isRequestID(id string) bool {
	if id == "" || len(id) > requestIDMaxLength {
		return false
	}
	for _, c := range []byte(id) {
		isLetter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		isDigit := '0' <= c && c <= '9'
		if !isLetter && !isDigit && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
