package graph

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"testing"

	"crm/db"
)

// oneOfServer returns a customer named after the key that the query uses.
func oneOfServer(t *testing.T, introspection bool) *testServer {
	t.Helper()
	return newTestServer(t, HandlerConfig{Introspection: introspection, Resolvers: stubResolvers{
		customer: func(_ context.Context, by CustomerBy) (*db.Customer, error) {
			if email := by.Email.Value(); email != nil && by.ID.Value() == nil {
				return &db.Customer{Name: "email " + *email}, nil
			}
			return &db.Customer{Name: "id " + *by.ID.Value()}, nil
		},
	}})
}

const (
	byObject  = `query($by:CustomerBy!){customer(by:$by){name}}`
	byEmail   = `query($email:EmailAddress!){customer(by:{email:$email}){name}}`
	byDefault = `query($by:CustomerBy!={id:"x"}){customer(by:$by){name}}`
)

func TestOneOf(t *testing.T) {
	t.Parallel()
	server := oneOfServer(t, true)
	for _, test := range []struct {
		name, query string
		variables   map[string]any
		want        string
	}{
		{"a literal", `{customer(by:{id:"x"}){name}}`, nil, "id x"},
		{"another literal", `{customer(by:{email:"a@b.c"}){name}}`, nil, "email a@b.c"},
		{"an object", byObject, map[string]any{"by": map[string]any{"email": "a@b.c"}}, "email a@b.c"},
		{"a number for an id", byObject, map[string]any{"by": map[string]any{"id": 5}}, "id 5"},
		{"a variable in a literal", byEmail, map[string]any{"email": "a@b.c"}, "email a@b.c"},
		{"a default", byDefault, nil, "id x"},
		{"a default replaced", byDefault, map[string]any{"by": map[string]any{"email": "a@b.c"}}, "email a@b.c"},
		{
			"a default in a fragment", `query($id:ID!="x"){...f} fragment f on Query{customer(by:{id:$id}){name}}`, nil, "id x",
		},
	} {
		body := requestBody(t, test.query, test.variables)
		got := server.do(http.MethodPost, "/", body, "As: ADMIN")
		if want := `{"data":{"customer":{"name":"` + test.want + `"}}}`; got.body != want {
			t.Errorf("%s got %s, want %s", test.name, got.body, want)
		}
	}
}

// Validation refuses literals in a document that don't have exactly one value.
func TestOneOfInDocument(t *testing.T) {
	t.Parallel()
	const exactlyOne = `OneOf Input Object "CustomerBy" must specify exactly one key.`
	const nullable = `must be non-nullable to be used for OneOf Input Object "CustomerBy".`
	server := oneOfServer(t, true)
	for query, message := range map[string]string{
		`{customer(by:{}){name}}`:                                                                       exactlyOne,
		`{customer(by:{id:"x",email:"a@b.c"}){name}}`:                                                   exactlyOne,
		`{customer(by:{id:"x",email:null}){name}}`:                                                      exactlyOne,
		`{customer(by:{id:null}){name}}`:                                                                `Field "CustomerBy.id" must be non-null.`,
		`{customer(by:{email:null}){name}}`:                                                             `Field "CustomerBy.email" must be non-null.`,
		`query($id:ID!,$email:EmailAddress!){customer(by:{id:$id,email:$email}){name}}`:                 exactlyOne,
		`query($id:ID){customer(by:{id:$id}){name}}`:                                                    `Variable "$id" is of type "ID" but ` + nullable,
		`query($id:ID="x"){customer(by:{id:$id}){name}}`:                                                `Variable "$id" is of type "ID" but ` + nullable,
		`query($id:ID){...f} fragment f on Query{customer(by:{id:$id}){name}}`:                          `Variable "$id" is of type "ID" but ` + nullable,
		`query($by:CustomerBy!={id:"x",email:"a@b.c"}){customer(by:$by){name}}`:                         exactlyOne,
		`query($by:CustomerBy!={email:null}){customer(by:$by){name}}`:                                   `Field "CustomerBy.email" must be non-null.`,
		`query A($id:ID!){...f} query B($id:ID){...f} fragment f on Query{customer(by:{id:$id}){name}}`: `Variable "$id" is of type "ID" but ` + nullable,
	} {
		got := server.query(query, "As: ADMIN")
		if got.codes() != "GRAPHQL_VALIDATION_FAILED" || got.messages() != message {
			t.Errorf("%s got %s, want %s", query, got.body, message)
		}
	}
}

// With introspection off, an error must not reveal keys that the client didn't name.
func TestOneOfRevealsNoKeys(t *testing.T) {
	t.Parallel()
	server := oneOfServer(t, false)
	for _, query := range []string{
		`{customer(by:{}){name}}`, `{customer(by:{phone:null}){name}}`, `{customer(by:{emai:"x"}){name}}`,
		`query($by:CustomerBy!={phone:null}){customer(by:$by){name}}`,
	} {
		got := server.query(query, "As: ADMIN")
		if got.codes() == "" || strings.Contains(got.body, "email") || strings.Contains(got.body, "CustomerBy.id") {
			t.Errorf("%s got %s", query, got.body)
		}
	}
}

// Only the server's own check enforces @oneOf in variables. With introspection off, it doesn't reveal the keys.
func TestOneOfInVariables(t *testing.T) {
	t.Parallel()
	open, closed := oneOfServer(t, true), oneOfServer(t, false)
	for _, test := range []struct {
		name, query string
		variables   map[string]any
		field, want string
		// closed is the message of a server without introspection, if it differs.
		closed string
	}{
		{
			"nothing", byObject, map[string]any{"by": map[string]any{}}, "by",
			"must have exactly one of the fields id, email, not 0", "must have exactly one field, not 0",
		},
		{
			"both", byObject, map[string]any{"by": map[string]any{"id": "x", "email": "a@b.c"}}, "by",
			"must have exactly one of the fields id, email, not 2", "must have exactly one field, not 2",
		},
		{
			"one and null", byDefault, map[string]any{"by": map[string]any{"id": "x", "email": nil}}, "by",
			"must have exactly one of the fields id, email, not 2", "must have exactly one field, not 2",
		},
		{"null for a key", byObject, map[string]any{"by": map[string]any{"email": nil}}, "by.email", "must not be null", ""},
		{"null", byObject, map[string]any{"by": nil}, "by", "must not be null", ""},
		{"null in a literal", byEmail, map[string]any{"email": nil}, "email", "must not be null", ""},
		{"nothing in a literal", byEmail, nil, "email", "is required", ""},
		{
			"another key", byObject, map[string]any{"by": map[string]any{"phone": "x"}}, "by.phone",
			"is not a field of CustomerBy", "",
		},
		{
			"another type", byObject, map[string]any{"by": map[string]any{"id": 1.5}}, "by.id",
			"must be an id, which is a string", "",
		},
		{
			"a list", byObject, map[string]any{"by": []any{map[string]any{"id": "x"}}}, "by",
			"must be an object of type CustomerBy", "",
		},
	} {
		body := requestBody(t, test.query, test.variables)
		for server, want := range map[*testServer]string{open: test.want, closed: cmp.Or(test.closed, test.want)} {
			got := server.do(http.MethodPost, "/", body, "As: ADMIN")
			if got.codes() != "BAD_USER_INPUT" || got.messages() != test.field+": "+want || got.fields() != test.field {
				t.Errorf("%s got %s, want %s", test.name, got.body, want)
			}
		}
	}
}
