package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// readyTime is how long a store may take to answer and still count as reachable.
const readyTime = 2 * time.Second

// The states of what a server needs.
const (
	stateOK          = "ok"
	stateUnreachable = "unreachable"
)

// health answers load balancers and orchestrators.
type health struct {
	// ping returns nil if the store answers.
	ping func(ctx context.Context) error
	// disk is nil if the data isn't on a disk of this machine.
	disk *disk
}

// readiness is the response of /readyz: whether the server can serve, and what is wrong if it can't.
type readiness struct {
	Status string `json:"status"`
	Store  string `json:"store"`
	Disk   string `json:"disk,omitempty"`
}

// handle adds the endpoints: /healthz says that the process is alive, /readyz whether it can serve, and /health answers as in
// the old application.
func (h health) handle(mux *http.ServeMux) {
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		answerHealth(w, http.StatusOK, map[string]string{"success": "server is up and running..."})
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answerHealth(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ready, isReady := h.readiness(r.Context())
		status := http.StatusOK
		if !isReady {
			status = http.StatusServiceUnavailable
		}
		answerHealth(w, status, ready)
	})
}

func (h health) readiness(ctx context.Context) (found readiness, isReady bool) {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	found = readiness{Status: "ready", Store: stateOK}
	if h.ping(ctx) != nil {
		found.Store = stateUnreachable
	}
	if h.disk != nil {
		found.Disk = h.disk.state()
	}
	isReady = found.Store == stateOK && (found.Disk == stateOK || h.disk == nil)
	if !isReady {
		found.Status = "not ready"
	}
	return found, isReady
}

func answerHealth(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(encoded)
}
