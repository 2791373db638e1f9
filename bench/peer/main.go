// Command peer is the strongest hand-written handler that we could write for the requests of the benchmark, to compare the
// server with: net/http, prepared statements on narrow tables with integer keys, JSON that is appended to a buffer, and writes
// that wait for the disk together. Its responses have the bytes of the server's.
//
// It does less than the server: it has no GraphQL, authentication, permissions, limits, validation or events.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"strconv"

	"crm/bench/serve"
)

func main() { serve.Main(newHandler) }

// handler serves requests with its readers and its writer.
type handler struct {
	readers chan *reader
	writer  *writer
}

// connections is the number of readers.
const connections = 4

func newHandler(_ context.Context, file string) (*handler, error) {
	h := &handler{readers: make(chan *reader, connections)}
	var err error
	if h.writer, err = newWriter(file); err != nil {
		return nil, err
	}
	for range connections {
		r, err := newReader(file)
		if err != nil {
			return nil, errors.Join(err, h.Close())
		}
		h.readers <- r
	}
	return h, nil
}

// Close closes the connections. No request is being served.
func (h *handler) Close() error {
	err := h.writer.close()
	for range len(h.readers) {
		err = errors.Join(err, (<-h.readers).conn.Close())
	}
	return err
}

// Routes returns the handler of all requests.
func (h *handler) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /customers", h.read((*reader).customers))
	mux.HandleFunc("GET /interactions/{id}", h.read((*reader).interaction))
	mux.HandleFunc("GET /tickets/open", h.read((*reader).openTickets))
	mux.HandleFunc("POST /tickets", h.createTicket)
	return mux
}

// read returns a handler that responds with what a reader has rendered.
func (h *handler) read(render func(*reader, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		r := <-h.readers
		defer func() { h.readers <- r }()
		r.body = r.body[:0]
		err := r.transaction(func() error { return render(r, request) })
		respond(w, r.body, err)
	}
}

func respond(w http.ResponseWriter, body []byte, err error) {
	if err != nil {
		log.Print(err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header()["Content-Type"] = contentType
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body) // an error means that the connection is closed
}

var contentType = []string{"application/json"}
