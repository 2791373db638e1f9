package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

const (
	typenameQuery = "{__typename}"
	invalidQuery  = "{unknown}"
)

// persisted returns the extensions of Apollo's protocol for a query.
func persisted(query string) string {
	return fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":%q}}`, hashOf(query))
}

func hashBody(query string) string { return `{"extensions":` + persisted(query) + `}` }

func hashAndTextBody(hashed, query string) string {
	return fmt.Sprintf(`{"query":%q,"extensions":%s}`, query, persisted(hashed))
}

// A client sends the hash, learns that it is unknown, sends both hash and text, and then the hash alone.
func TestPersistedQueries(t *testing.T) {
	t.Parallel()
	byGet := "/?extensions=" + url.QueryEscape(persisted(typenameQuery))
	type step struct {
		method, target, body, header string
		status                       int
		code                         string
	}
	post := func(body string, status int, code string) step {
		return step{method: http.MethodPost, target: "/", body: body, status: status, code: code}
	}
	get := func(target string, status int, code string) step {
		return step{method: http.MethodGet, target: target, status: status, code: code}
	}
	document := func(id string) string { return `{"documentId":"` + id + `"}` }
	unknown := post(hashBody(typenameQuery), 200, "PERSISTED_QUERY_NOT_FOUND")
	unknownAsGraphQL := unknown
	unknownAsGraphQL.header = acceptGraphQL
	register := post(hashAndTextBody(typenameQuery, typenameQuery), 200, "")
	for name, steps := range map[string][]step{
		"post":              {unknown, unknownAsGraphQL, register, post(hashBody(typenameQuery), 200, ""), get(byGet, 200, "")},
		"get":               {get(byGet, 200, "PERSISTED_QUERY_NOT_FOUND"), get(byGet+"&query="+url.QueryEscape(typenameQuery), 200, ""), get(byGet, 200, "")},
		"documentId":        {register, post(document("sha256:"+hashOf(typenameQuery)), 200, ""), get("/?documentId=sha256:"+hashOf(typenameQuery), 200, "")},
		"unknown id":        {post(document("x"), 200, "PERSISTED_QUERY_NOT_FOUND"), post(`{"id":"x"}`, 200, "PERSISTED_QUERY_NOT_FOUND")},
		"wrong hash":        {post(hashAndTextBody("{a}", typenameQuery), 200, "BAD_REQUEST"), post(hashBody("{a}"), 200, "PERSISTED_QUERY_NOT_FOUND"), unknown},
		"known hash":        {register, post(hashAndTextBody(typenameQuery, "{a}"), 200, "BAD_REQUEST")},
		"invalid":           {post(hashAndTextBody(invalidQuery, invalidQuery), 200, "GRAPHQL_VALIDATION_FAILED"), post(hashBody(invalidQuery), 200, "PERSISTED_QUERY_NOT_FOUND")},
		"text only":         {post(typenameBody, 200, ""), unknown},
		"both":              {post(`{"query":"{__typename}","documentId":"x"}`, 400, "BAD_USER_INPUT")},
		"id beside a query": {post(`{"query":"{__typename}","id":7}`, 200, "")},
		"other version":     {post(`{"extensions":{"persistedQuery":{"version":2,"sha256Hash":"x"}}}`, 200, "BAD_USER_INPUT")},
		"no hash":           {post(`{"extensions":{"persistedQuery":{"version":1}}}`, 200, "BAD_USER_INPUT")},
		"not an object":     {post(`{"extensions":{"persistedQuery":"x"}}`, 200, "BAD_USER_INPUT")},
		"null":              {post(`{"extensions":{"persistedQuery":null}}`, 400, "BAD_USER_INPUT")},
		"null with a query": {post(`{"query":"{__typename}","extensions":{"persistedQuery":null}}`, 200, "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTestServer(t, HandlerConfig{})
			for i, step := range steps {
				got := server.do(step.method, step.target, step.body, step.header)
				if got.status != step.status || got.codes() != step.code {
					t.Errorf("step %d got %d %s", i, got.status, got.body)
				}
			}
		})
	}
}

// A registered mutation can't be run by GET either.
func TestPersistedMutations(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	const mutation = "mutation{__typename}"
	if got := server.do(http.MethodPost, "/", hashAndTextBody(mutation, mutation)); got.codes() != "" {
		t.Fatal(got.body)
	}
	got := server.do(http.MethodGet, "/?extensions="+url.QueryEscape(persisted(mutation)), "")
	if got.status != http.StatusMethodNotAllowed || got.parsed.Data != nil {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// hashOf returns the SHA-256 hash of a text, in hexadecimal.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
