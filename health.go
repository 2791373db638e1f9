package main

import (
	"context"
	"io"
	"net/http"
	"time"
)

// readyTime is how long a store may take to answer and still count as reachable.
const readyTime = 2 * time.Second

// handleHealth adds the endpoints for load balancers and orchestrators: /healthz says that the process is alive, /readyz
// that it can serve (ping returns nil), and /health answers as in the old application.
func handleHealth(mux *http.ServeMux, ping func(ctx context.Context) error) {
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		answerHealth(w, http.StatusOK, `{"success":"server is up and running..."}`)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answerHealth(w, http.StatusOK, `{"status":"alive"}`)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTime)
		defer cancel()
		if err := ping(ctx); err != nil {
			answerHealth(w, http.StatusServiceUnavailable, `{"status":"the database can't be reached"}`)
			return
		}
		answerHealth(w, http.StatusOK, `{"status":"ready"}`)
	})
}

func answerHealth(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
