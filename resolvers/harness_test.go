package resolvers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
	"crm/files"
	"crm/files/web"
	"crm/graph"
	"crm/graph/transport"
	"crm/resolvers"
)

// password is the password of every account in these tests.
const password = "correct horse"

// server is the real handler with a real store, served over HTTP.
type server struct {
	t      *testing.T
	url    string
	db     *db.DB
	store  store.Store
	files  files.Store
	tokens *auth.Tokens
	exec   *graph.Executor
	memory *watchedMemory
}

// onEachEngine runs a test of a rule on the embedded engine and on MongoDB. On FerretDB it runs only in CI, see mongotest.SkipOnStandIn:
// the engines' own tests and alwaysOnEachEngine cover what may differ there.
func onEachEngine(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	inEachEngine(t, openMongo, test)
}

// alwaysOnEachEngine is onEachEngine for tests of what the engines do in different ways: conflicts, deletion, search and files.
func alwaysOnEachEngine(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	inEachEngine(t, func(t *testing.T) store.Store { return mongotest.Open(t, db.Collections()...) }, test)
}

func inEachEngine(t *testing.T, openMongo func(t *testing.T) store.Store, test func(t *testing.T, s *server)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, serve(t, openSQLite(t), db.Options{}))
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		test(t, serve(t, openMongo(t), db.Options{}))
	})
}

// openMongo skips the test where onEachEngine does.
func openMongo(t *testing.T) store.Store {
	t.Helper()
	mongotest.SkipOnStandIn(t)
	return mongotest.Open(t, db.Collections()...)
}

func openSQLite(t *testing.T) store.Store {
	t.Helper()
	return openStore(t, filepath.Join(sqlitetest.Folder(t), "crm.db"))
}

// serve starts a server with a store. Its password hashes have bcrypt's lowest cost, which changes nothing else.
func serve(t *testing.T, store store.Store, options db.Options) *server {
	t.Helper()
	hasher, err := auth.NewHasher(bcrypt.MinCost, 2)
	if err != nil {
		t.Fatal(err)
	}
	return serveWith(t, store, hasher, options)
}

// serveWith starts a server with a store and a password hasher.
func serveWith(t *testing.T, store store.Store, passwords db.Passwords, options db.Options) *server {
	t.Helper()
	options.CursorKeys = [][]byte{[]byte("a key for cursors")}
	options.Files = filesOf(t, store)
	domain := db.New(store, passwords, options)
	tokens, err := auth.NewTokens(auth.Keys{[]byte("users' key")}, auth.Keys{[]byte("customers' key")})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	memory := watchMemory(store)
	handler := graph.NewHandler(graph.HandlerConfig{
		Resolvers: resolvers.New(domain, tokens), NewOperation: resolvers.NewOperation, Memory: memory,
		Introspection: true, ShowCost: true, Logger: log,
	})
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	mux.Handle(db.UploadPath, web.Handler(domain, log))
	mux.Handle(db.FilePath, web.Handler(domain, log))
	listener := httptest.NewServer(transport.Authenticate(auth.NewAuthenticator(tokens, domain), nil, log, mux))
	t.Cleanup(listener.Close)
	exec := graph.NewExecutor(graph.HandlerConfig{
		Resolvers: resolvers.New(domain, tokens), NewOperation: resolvers.NewOperation, Logger: log,
	})
	return &server{t: t, url: listener.URL, db: domain, store: store, files: options.Files, tokens: tokens, exec: exec, memory: memory}
}

// filesOf returns the files that belong to a store: those in the same database, or in a folder.
func filesOf(t *testing.T, s store.Store) files.Store {
	t.Helper()
	if engine, ok := s.(*mongo.Store); ok {
		return engine.Files()
	}
	return files.NewFolder(t.TempDir())
}

// answer is a response of the server.
type answer struct {
	Status     int
	Data       map[string]any `json:"data"`
	Errors     []problem      `json:"errors"`
	Extensions struct {
		Cost struct {
			StoreCalls int `json:"storeCalls"`
		} `json:"cost"`
	} `json:"extensions"`
	raw string
}

type problem struct {
	Message    string `json:"message"`
	Path       []any  `json:"path"`
	Extensions struct {
		Code       string `json:"code"`
		RetryAfter int    `json:"retryAfter"`
		Fields     []struct {
			Path    string `json:"path"`
			Message string `json:"message"`
		} `json:"fields"`
	} `json:"extensions"`
}

type variables map[string]any

// ask sends an operation with a token, which is empty for an anonymous viewer.
func (s *server) ask(token, query string, vars variables) answer {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.post(token, body)
}

func (s *server) post(token string, body []byte) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{Status: response.StatusCode, raw: string(raw)}
	if err := json.Unmarshal(raw, &a); err != nil {
		s.t.Fatalf("cannot read the response %q: %v", raw, err)
	}
	return a
}

// must sends an operation that must succeed.
func (s *server) must(token, query string, vars variables) answer {
	s.t.Helper()
	a := s.ask(token, query, vars)
	if len(a.Errors) > 0 {
		s.t.Fatalf("%s\nfailed: %s", query, a.raw)
	}
	return a
}

// refused sends an operation that must fail with one error with this code.
func (s *server) refused(token, query string, vars variables, code string) problem {
	s.t.Helper()
	a := s.ask(token, query, vars)
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != code {
		s.t.Fatalf("%s\nwith %v\ngot %s\nwant one error with code %s", query, vars, a.raw, code)
	}
	return a.Errors[0]
}

// at returns the value at a dot-separated path in the response's data; numbers are indexes of lists.
func (a answer) at(path string) any {
	var found any = a.Data
	for key := range strings.SplitSeq(path, ".") {
		switch in := found.(type) {
		case map[string]any:
			found = in[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(in) {
				return nil
			}
			found = in[i]
		default:
			return nil
		}
	}
	return found
}

// text returns the string at a path.
func (a answer) text(path string) string {
	text, _ := a.at(path).(string)
	return text
}

// account is a logged-in account.
type account struct{ id, email, token, refresh string }

func (s *server) signUpUser(name string) account {
	s.t.Helper()
	email := strings.ToLower(name) + "@example.com"
	a := s.must("", `mutation($in: SignUpUserInput!) {
		signUpUser(input: $in) { user { id } tokens { accessToken refreshToken } } }`,
		variables{"in": variables{"name": name, "email": email, "password": password}})
	return account{a.text("signUpUser.user.id"), email, a.text("signUpUser.tokens.accessToken"),
		a.text("signUpUser.tokens.refreshToken")}
}

func (s *server) signUpCustomer(name string) account {
	s.t.Helper()
	email := strings.ToLower(name) + "@example.org"
	a := s.must("", `mutation($in: SignUpCustomerInput!) {
		signUpCustomer(input: $in) { customer { id } tokens { accessToken refreshToken } } }`,
		variables{"in": variables{"name": name, "email": email, "password": password, "company": name + " Ltd"}})
	return account{a.text("signUpCustomer.customer.id"), email, a.text("signUpCustomer.tokens.accessToken"),
		a.text("signUpCustomer.tokens.refreshToken")}
}

// hire makes an admin create a user, and logs the user in.
func (s *server) hire(admin account, name string) account {
	s.t.Helper()
	email := strings.ToLower(name) + "@example.com"
	s.must(admin.token, `mutation($in: CreateUserInput!) { createUser(input: $in) { user { id } } }`,
		variables{"in": variables{"name": name, "email": email, "password": password}})
	return s.logInUser(email)
}

func (s *server) logInUser(email string) account {
	s.t.Helper()
	a := s.must("", `mutation($in: LogInInput!) {
		logInUser(input: $in) { user { id } tokens { accessToken refreshToken } } }`,
		variables{"in": variables{"email": email, "password": password}})
	return account{a.text("logInUser.user.id"), email, a.text("logInUser.tokens.accessToken"),
		a.text("logInUser.tokens.refreshToken")}
}

func (s *server) createInteraction(user, customer account, title string) string {
	s.t.Helper()
	return s.must(user.token, `mutation($in: CreateInteractionInput!) {
		createInteraction(input: $in) { interaction { id } } }`, variables{"in": variables{
		"customerId": customer.id, "title": title, "startTime": "2050-08-27T20:03:00Z"}},
	).text("createInteraction.interaction.id")
}

func (s *server) createTicket(by account, interaction, description string) string {
	s.t.Helper()
	return s.must(by.token, `mutation($in: CreateTicketInput!) { createTicket(input: $in) { ticket { id } } }`,
		variables{"in": variables{"interactionId": interaction, "description": description}},
	).text("createTicket.ticket.id")
}
