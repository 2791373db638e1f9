package sqlite_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/sqlite"
	"crm/db/sqlite/sqlitetest"
	"crm/graph"
	"crm/graph/transport"
	"crm/resolvers"
)

// planned is the real server on a real store, whose statements can be explained.
type planned struct {
	t      *testing.T
	store  *sqlite.Store
	url    string
	schema *ast.Schema
	tokens map[string]string
}

func servePlanned(t *testing.T) *planned {
	t.Helper()
	store := sqlitetest.OpenNew(t, db.Collections())
	hasher, err := auth.NewHasher(bcrypt.MinCost, 2)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := auth.NewTokens(auth.Keys{[]byte("users' key")}, auth.Keys{[]byte("customers' key")})
	if err != nil {
		t.Fatal(err)
	}
	domain, log := db.New(store, hasher, db.Options{CursorKeys: [][]byte{[]byte("a key")}}), slog.New(slog.DiscardHandler)
	handler := graph.NewHandler(graph.HandlerConfig{
		Resolvers: resolvers.New(domain, tokens), NewOperation: resolvers.NewOperation, Introspection: true, Logger: log,
	})
	web := httptest.NewServer(transport.Authenticate(auth.NewAuthenticator(tokens, domain), nil, log, handler))
	t.Cleanup(web.Close)
	p := &planned{t: t, store: store, url: web.URL, schema: graph.NewExecutableSchema(graph.Config{}).Schema()}
	p.fill()
	return p
}

// fill creates an account of each role, and a document of each kind.
func (p *planned) fill() {
	p.t.Helper()
	const newUser, newCustomer = `{name: "Ann Lee", email: "%s@example.com", password: "correct horse"}`,
		`{name: "Rahul", email: "r@example.com", password: "correct horse", company: "TCS", phone: "123456"}`
	token := func(answer map[string]any, field string) string {
		return answer[field].(map[string]any)["tokens"].(map[string]any)["accessToken"].(string)
	}
	signUp := fmt.Sprintf(newUser, "admin")
	p.tokens = map[string]string{}
	p.tokens["ADMIN"] = token(p.ask("", `mutation { signUpUser(input: `+signUp+`) { tokens { accessToken } } }`), "signUpUser")
	p.ask(p.tokens["ADMIN"], `mutation { createUser(input: `+fmt.Sprintf(newUser, "user")+`) { user { id } } }`)
	p.tokens["USER"] = token(p.ask("", `mutation { logInUser(input: {email: "user@example.com", password: "correct horse"}) {
		tokens { accessToken } } }`), "logInUser")
	answer := p.ask("", `mutation { signUpCustomer(input: `+newCustomer+`) { customer { id } tokens { accessToken } } }`)
	p.tokens["CUSTOMER"] = token(answer, "signUpCustomer")
	customer := answer["signUpCustomer"].(map[string]any)["customer"].(map[string]any)["id"]
	answer = p.ask(p.tokens["USER"], fmt.Sprintf(`mutation { createInteraction(input: {customerId: %q, title: "Demo",
		startTime: "2050-08-27T20:03:00Z"}) { interaction { id } } }`, customer))
	interaction := answer["createInteraction"].(map[string]any)["interaction"].(map[string]any)["id"]
	p.ask(p.tokens["CUSTOMER"], fmt.Sprintf(
		`mutation { createTicket(input: {interactionId: %q, description: "Help"}) { ticket { id } } }`, interaction))
	p.ask(p.tokens["USER"], fmt.Sprintf(
		`mutation { createCustomerNote(input: {customerId: %q, text: "Late"}) { customerNote { id } } }`, customer))
	p.ask(p.tokens["USER"], `mutation { createTag(input: {name: "vip"}) { tag { id } } }`)
}

// ask sends an operation, which must succeed.
func (p *planned) ask(token, query string) map[string]any {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data   map[string]any
		Errors []any
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || len(answer.Errors) > 0 {
		p.t.Fatalf("%s\nfailed: %v %v", query, err, answer.Errors)
	}
	return answer.Data
}
