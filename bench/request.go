package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// request is a request to one of the servers.
type request struct {
	method, path string
	// body is JSON, or empty.
	body string
}

// write encodes the request as HTTP/1.1; token may be empty.
func (r request) write(address, token string) []byte {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n", r.method, r.path, address)
	if token != "" {
		fmt.Fprintf(&text, "Authorization: Bearer %s\r\n", token)
	}
	if r.body != "" {
		fmt.Fprintf(&text, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(r.body))
	}
	text.WriteString("\r\n" + r.body)
	return []byte(text.String())
}

func get(path string) request { return request{method: http.MethodGet, path: path} }

func post(path string, body any) request {
	return request{method: http.MethodPost, path: path, body: encode(body)}
}

// operation returns a GraphQL request.
func operation(query string, variables map[string]any) request {
	return post("/graphql", map[string]any{"query": query, "variables": variables})
}

// encode writes strings, numbers and maps of them as JSON.
func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("bench: %v", err)) // all values are our own
	}
	return string(text)
}

// api is how a server is asked what the cases ask.
type api interface {
	// customers asks for the page that follows a customer, or for the first one after customer 0.
	customers(after int) (request, error)
	interaction(id string) request
	openTickets() request
	company(name string) request
	createTicket(input map[string]any) request
	logIn(input map[string]any) request
}

// graphqlAPI is the API of the GraphQL servers. cursor returns a server's cursor of a customer.
type graphqlAPI struct {
	cursor func(customer int) (string, error)
}

func (a graphqlAPI) customers(after int) (request, error) {
	if after == 0 {
		return operation(nestedQuery, map[string]any{"after": nil}), nil
	}
	cursor, err := a.cursor(after)
	return operation(nestedQuery, map[string]any{"after": cursor}), err
}

func (graphqlAPI) interaction(id string) request {
	return operation(interactionQuery, map[string]any{"id": id})
}

func (graphqlAPI) openTickets() request { return operation(openTicketsQuery, nil) }

func (graphqlAPI) company(name string) request {
	return operation(companyQuery, map[string]any{"company": name, "interactions": 5, "tickets": 3})
}

func (graphqlAPI) createTicket(input map[string]any) request {
	return operation(createTicketQuery, map[string]any{"input": input})
}

func (graphqlAPI) logIn(input map[string]any) request {
	return operation(logInCustomerQuery, map[string]any{"input": input})
}

// restAPI is the API of the hand-written handlers. after returns a handler's parameters for what follows a customer.
type restAPI struct {
	after func(customer int) string
}

func (a restAPI) customers(after int) (request, error) {
	if after == 0 {
		return get("/customers"), nil
	}
	return get("/customers?after=" + a.after(after)), nil
}

func (restAPI) interaction(id string) request             { return get("/interactions/" + id) }
func (restAPI) openTickets() request                      { return get("/tickets/open") }
func (restAPI) company(name string) request               { return get("/companies/" + url.PathEscape(name)) }
func (restAPI) createTicket(input map[string]any) request { return post("/tickets", input) }
func (restAPI) logIn(input map[string]any) request        { return post("/login", input) }
