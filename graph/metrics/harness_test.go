package metrics_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/cache"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
	"crm/graph"
	"crm/graph/metrics"
	"crm/graph/transport"
	"crm/notify"
	"crm/notify/mail"
	"crm/resolvers"
)

// program is the real handler on a real store, with metrics.
type program struct {
	t       *testing.T
	metrics *metrics.Metrics
	db      *db.DB
	handler http.Handler
}

func newProgram(t *testing.T, engine store.Store) *program {
	t.Helper()
	hasher, err := auth.NewHasher(bcrypt.MinCost, 2)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := auth.NewTokens(auth.Keys{[]byte("users' key")}, auth.Keys{[]byte("customers' key")})
	if err != nil {
		t.Fatal(err)
	}
	m, log := metrics.New("v1.2.3", "abc"), slog.New(slog.DiscardHandler)
	domain := db.New(engine, hasher, db.Options{Observer: m})
	operations := graph.NewHandler(graph.HandlerConfig{
		Resolvers: resolvers.New(domain, tokens), NewOperation: resolvers.NewOperation, Logger: log, Observer: m,
	})
	m.Watch(metrics.Program{DB: domain, Store: engine, Streams: operations.Streams, Log: log})
	return &program{
		t: t, metrics: m, db: domain, handler: transport.Authenticate(auth.NewAuthenticator(tokens, domain), nil, log, operations),
	}
}

func openSQLite(t *testing.T) store.Store {
	t.Helper()
	cached, err := cache.New(sqlitetest.OpenNew(t, db.Collections()), db.Kept(), cache.MinBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cached.Close() })
	return cached
}

// ask sends an operation with a token, which may be empty, and returns the response.
func (p *program) ask(token, query string) string {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		p.t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://localhost/graphql", strings.NewReader(string(body)))
	request.RemoteAddr = "127.0.0.1:1234" // the first user signs up on the server's machine
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	recorder := httptest.NewRecorder()
	p.handler.ServeHTTP(recorder, request)
	return recorder.Body.String()
}

// signUp signs up a user and returns an access token.
func (p *program) signUp() string {
	p.t.Helper()
	body := p.ask("", `mutation Join{signUpUser(input:{name:"Asha",email:"asha@example.com",password:"correct horse"}){tokens{accessToken}}}`)
	_, token, found := strings.Cut(body, `"accessToken":"`)
	if !found {
		p.t.Fatalf("signing up got %s", body)
	}
	return token[:strings.IndexByte(token, '"')]
}

// scrape returns the values of all metrics, and all text.
func (p *program) scrape() (values map[string]float64, text string) {
	p.t.Helper()
	recorder := httptest.NewRecorder()
	p.metrics.Handler("", slog.New(slog.DiscardHandler)).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, metrics.Path, nil))
	if recorder.Code != http.StatusOK {
		p.t.Fatalf("a scrape got %d %s", recorder.Code, recorder.Body)
	}
	values = map[string]float64{}
	for line := range strings.Lines(recorder.Body.String()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if value == "" {
			name, value, _ = strings.Cut(name, " ")
		} else {
			name += "}"
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			p.t.Fatalf("the line %q: %v", line, err)
		}
		values[name] = number
	}
	return values, recorder.Body.String()
}

// accepting accepts every message.
type accepting struct{}

func (accepting) Send(context.Context, *mail.Message) error { return nil }

// deliver runs the notifications until a condition holds.
func (p *program) deliver(done func(values map[string]float64) bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = notify.New(p.db, accepting{}, slog.New(slog.DiscardHandler), notify.Observe(p.metrics)).Run(ctx)
	}()
	defer func() { cancel(); <-ended }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for values, text := p.scrape(); !done(values); values, text = p.scrape() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			p.t.Fatalf("nothing was delivered:\n%s", onlyOurs(text))
		}
	}
}
