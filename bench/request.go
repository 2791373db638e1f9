package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// request is a request to either server.
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
