package resolvers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
	"crm/resolvers"
)

// twin is a server with a seeded store and handlers of each mode.
type twin struct {
	domain      *db.DB
	stock, fast http.Handler
	// plain answers without siblings and projections.
	plain http.Handler
	// watched answers like fast, and lets a test see what the fast path rendered.
	watched *graph.Executor
}

func newTwin(tb testing.TB, store store.Store) *twin {
	tb.Helper()
	passwords, err := auth.NewHasher(bcrypt.MinCost, 2)
	if err != nil {
		tb.Fatal(err)
	}
	tokens, err := auth.NewTokens(auth.Keys{[]byte("users' key")}, auth.Keys{[]byte("customers' key")})
	if err != nil {
		tb.Fatal(err)
	}
	domain := db.New(failing{store}, passwords, db.Options{CursorKeys: [][]byte{[]byte("a key for cursors")}})
	domain.Links.Now = func() time.Time { return moments[0] } // so that the addresses of files don't depend on the clock
	config := graph.HandlerConfig{
		Resolvers: resolvers.New(domain, tokens), NewOperation: resolvers.NewOperation, Introspection: true,
		Logger: slog.New(slog.DiscardHandler),
		Limits: graph.Limits{Errors: math.MaxInt32}, // otherwise it is random which errors are shown
	}
	without := config
	without.NoFastPath = true
	plain := without
	plain.NewOperation = resolvers.NewPlainOperation
	return &twin{
		domain: domain, plain: graph.NewHandler(plain),
		stock: graph.NewHandler(without), fast: graph.NewHandler(config), watched: graph.NewExecutor(config),
	}
}

// request is an operation with its circumstances.
type request struct {
	randomOperation
	viewer   auth.Viewer
	failures failures
	accept   string
}

func (r request) String() string {
	vars, err := json.Marshal(r.variables)
	if err != nil {
		vars = []byte(err.Error())
	}
	return fmt.Sprintf("%s\nvariables: %s\noperationName: %q\nviewer: %s %x\nstore: one call in %d fails with %v",
		r.query, vars, r.name, r.viewer.Role, r.viewer.Account, r.failures.oneIn, r.failures.err)
}

// viewers are the senders of operations, most often the admin; the one without a role is anonymous.
func viewers() []auth.Viewer {
	account := func(role auth.Role, kind entity.Kind, i int) auth.Viewer {
		return auth.Viewer{Role: role, Account: seededID(kind, i), Session: seededID("session", i)}
	}
	admin, user := account(auth.Admin, db.KindUser, 0), account(auth.User, db.KindUser, 1)
	customer := account(auth.Customer, db.KindCustomer, 1)
	return []auth.Viewer{
		admin, admin, admin, admin, admin, admin, user, user, user, account(auth.User, db.KindUser, 2), customer, customer,
		customer, account(auth.Customer, db.KindCustomer, 4), {},
	}
}

// circumstances adds random circumstances to an operation.
func (g *generator) circumstances(operation randomOperation) request {
	r := request{randomOperation: operation, viewer: g.known.viewer}
	if g.chance(20) {
		r.failures = failures{oneIn: oneOf(g, []uint64{1, 2, 3, 5, 8}), salt: g.rnd.Uint64(), err: oneOf(g, storeErrors)}
	}
	if g.chance(10) {
		r.accept = "application/graphql-response+json"
	}
	return r
}

// reply is a handler's response.
type reply struct {
	status int
	media  string
	body   []byte
	errors []string
	data   string
}

// pauses matches for how long a client that was limited has to wait, which depends on the clock.
var pauses = regexp.MustCompile(`; try again in [0-9hms.]+|,?"retryAfter":\d+`)

// send sends the request to a handler.
func (r request) send(tb testing.TB, handler http.Handler) reply {
	tb.Helper()
	recorder := r.post(tb, handler)
	answered := reply{
		status: recorder.Code, media: recorder.Header().Get("Content-Type"), body: pauses.ReplaceAll(recorder.Body.Bytes(), nil),
	}
	var parts struct {
		Errors []json.RawMessage `json:"errors"`
		Data   json.RawMessage   `json:"data"`
	}
	if err := json.Unmarshal(answered.body, &parts); err != nil {
		tb.Fatalf("%s\ngot a response that is not JSON: %v\n%s", r, err, answered.body)
	}
	for _, one := range parts.Errors {
		answered.errors = append(answered.errors, string(one))
	}
	slices.Sort(answered.errors) // the executor resolves fields concurrently, so errors are in any order
	answered.data = string(parts.Data)
	return answered
}

// post sends the operation to a handler.
func (r request) post(tb testing.TB, handler http.Handler) *httptest.ResponseRecorder {
	tb.Helper()
	body, err := json.Marshal(map[string]any{"query": r.query, "operationName": r.name, "variables": r.variables})
	if err != nil {
		tb.Fatalf("cannot write %s: %v", r, err)
	}
	ctx := context.WithValue(auth.WithViewer(tb.Context(), r.viewer), failuresKey{}, r.failures)
	post := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("X-Request-Id", "the-same-for-both")
	if r.accept != "" {
		post.Header.Set("Accept", r.accept)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, post)
	return recorder
}

// same reports whether two replies are equal byte for byte, except for the order of errors.
func (a reply) same(b reply) bool {
	if a.status != b.status || a.media != b.media {
		return false
	}
	if len(a.errors) < 2 {
		return bytes.Equal(a.body, b.body)
	}
	return len(a.body) == len(b.body) && a.data == b.data && slices.Equal(a.errors, b.errors)
}

// invalid returns the validation error of the operation, or "".
func (a reply) invalid() string {
	for _, one := range a.errors {
		if strings.Contains(one, "GRAPHQL_VALIDATION_FAILED") || strings.Contains(one, "GRAPHQL_PARSE_FAILED") {
			return one
		}
	}
	return ""
}
