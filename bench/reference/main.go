// Command reference is a hand-written handler for the requests of the benchmark: net/http, a few SQL statements through
// database/sql, encoding/json. It reads and writes a copy of the server's own file.
//
// It is the baseline for the server, so it must not change: it is not tuned, and it does less than the server. It has no
// GraphQL, no authentication, no permissions, no limits and no validation, and nothing processes the events that it writes.
package main

import (
	"net/http"

	"crm/bench/serve"
)

func main() { serve.Main(openStore) }

// Routes returns the handler of all requests.
func (s *store) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /customers", s.serveCustomers)
	mux.HandleFunc("GET /companies/{name}", s.serveCompany)
	mux.HandleFunc("GET /interactions/{id}", s.serveInteraction)
	mux.HandleFunc("GET /tickets/open", s.serveOpenTickets)
	mux.HandleFunc("POST /tickets", s.serveCreateTicket)
	mux.HandleFunc("POST /login", s.serveLogIn)
	return mux
}
