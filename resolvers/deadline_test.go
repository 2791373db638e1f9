package resolvers_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/graph"
	"crm/graph/transport"
	"crm/resolvers"
)

// hanging is a store whose reads of some collections block until their context is done.
type hanging struct {
	store.Store
	about map[*store.Collection]bool
	// called receives a value for each call that blocks, and stopped its error.
	called  chan struct{}
	stopped chan error
}

func hang(t *testing.T, about *store.Collection) hanging {
	t.Helper()
	return hanging{
		Store: openSQLite(t), about: map[*store.Collection]bool{about: true}, called: make(chan struct{}, 10), stopped: make(chan error, 10),
	}
}

func (s hanging) hang(ctx context.Context) error {
	s.called <- struct{}{}
	<-ctx.Done()
	s.stopped <- ctx.Err()
	return ctx.Err()
}

func (s hanging) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	if s.about[c] {
		return s.hang(ctx)
	}
	return s.Store.Find(ctx, c, q, next)
}

func (s hanging) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(parent store.ID) store.Document,
) error {
	if s.about[c] {
		return s.hang(ctx)
	}
	return s.Store.FindChildren(ctx, c, parent, parents, q, next)
}

// serveAdmin serves an admin's requests on a store.
func serveAdmin(t *testing.T, engine store.Store, limits graph.Limits) *server {
	t.Helper()
	hasher, err := auth.NewHasher(bcrypt.MinCost, 2)
	if err != nil {
		t.Fatal(err)
	}
	domain := db.New(engine, hasher, db.Options{CursorKeys: [][]byte{[]byte("a key for cursors")}})
	handler := graph.NewHandler(graph.HandlerConfig{
		Resolvers: resolvers.New(domain, nil), NewOperation: resolvers.NewOperation,
		Logger: slog.New(slog.DiscardHandler), Limits: limits,
	})
	admin := auth.Viewer{Role: auth.Admin, Account: store.NewID()}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(auth.WithViewer(r.Context(), admin)))
	}))
	t.Cleanup(web.Close)
	return &server{t: t, url: web.URL, db: domain, store: engine}
}

// An operation that takes too long gets a response, and its store calls end.
func TestDeadline(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query string
		about *store.Collection
	}{
		"a root field":   {`{ customers { nodes { id } } }`, db.Customers.Collection},
		"a nested field": {`{ customers { nodes { id interactions { nodes { id } } } } }`, db.Interactions.Collection},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := hang(t, test.about)
			if err := engine.Insert(t.Context(), db.Customers.Collection, &db.Customer{ID: store.NewID(), Name: "Rahul"}); err != nil {
				t.Fatal(err)
			}
			s := serveAdmin(t, engine, graph.Limits{Transport: transport.Limits{Time: 50 * time.Millisecond}})
			got := s.ask("", test.query, nil)
			if len(got.Errors) == 0 || got.Errors[0].Extensions.Code != "UNAVAILABLE" ||
				got.Errors[0].Message != "the request took too long" {
				t.Errorf("got %s", got.raw)
			}
			select {
			case <-engine.called:
				if err := <-engine.stopped; !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the store's call ended with %v", err)
				}
			default: // on a busy machine, the time is over before the call
			}
		})
	}
}

// Store calls also end when the client disconnects.
func TestClientDisconnects(t *testing.T) {
	t.Parallel()
	engine := hang(t, db.Customers.Collection)
	s := serveAdmin(t, engine, graph.Limits{})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-engine.called
		leave()
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(`{"query":"{customers{nodes{id}}}"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
		t.Error("there is a response")
	}
	if err := <-engine.stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("the store's call ended with %v", err)
	}
}
