package mongo_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

func openOn(t *testing.T, uri string, options ...mongo.Option) *mongo.Store {
	t.Helper()
	s, err := mongo.Open(uri, "crm", []*store.Collection{db.Sessions.Collection}, options...)
	wantNoError(t, "Open", err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// silent returns the URI of a server that accepts connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	wantNoError(t, "Listen", err)
	t.Cleanup(func() { _ = listener.Close() })
	return "mongodb://" + listener.Addr().String()
}

// absent returns a URI where no server listens.
func absent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	wantNoError(t, "Listen", err)
	wantNoError(t, "Close", listener.Close())
	return "mongodb://" + listener.Addr().String()
}

// TestUnreachable checks that without a server every operation ends, whether its context has a deadline or not.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	session := &db.Session{ID: store.NewID()}
	var operations sync.WaitGroup // not subtests, since only as many of them run at once as there are processors
	soon, late := mongo.WithTimeout(time.Second), mongo.WithTimeout(time.Hour)
	for server, s := range map[string]*mongo.Store{
		"absent": openOn(t, absent(t), soon), "silent": openOn(t, silent(t), soon),
		"silent and has a time limit in its URI": openOn(t, silent(t)+"/?timeoutMS=1000", late),
	} {
		for name, operate := range map[string]func(context.Context) error{
			"Ping":   s.Ping,
			"Notify": func(ctx context.Context) error { return s.Notify(ctx, func() {}) },
			"Insert": func(ctx context.Context) error { return s.Insert(ctx, db.Sessions.Collection, session) },
			"Find": func(ctx context.Context) error {
				return s.Find(ctx, db.Sessions.Collection, store.Query{}, func() store.Document { return new(db.Session) })
			},
		} {
			operations.Go(func() { checkUnreachable(t, name+" on a server that is "+server, operate) })
		}
	}
	operations.Wait()
}

func checkUnreachable(t *testing.T, what string, operate func(context.Context) error) {
	t.Helper()
	limited, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := operate(limited); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%s, with a deadline: got %v, want %v", what, err, context.DeadlineExceeded)
	}
	if err := operate(t.Context()); store.CodeOf(err) != store.Unavailable {
		t.Errorf("%s: got %v, want %s", what, err, store.Unavailable)
	}
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	uri, stop := mongotest.Serve(t, dir, "127.0.0.1:0")
	s := openOn(t, uri)
	session := &db.Session{ID: store.NewID(), RefreshHash: "x", CreatedAt: legacyTime, ExpiresAt: legacyTime}
	wantNoError(t, "EnsureIndexes", s.EnsureIndexes(t.Context()))
	wantNoError(t, "Insert", s.Insert(t.Context(), db.Sessions.Collection, session))

	stop()
	if err := s.Ping(t.Context()); store.CodeOf(err) != store.Unavailable {
		t.Fatalf("Ping without a server: got %v, want %s", err, store.Unavailable)
	}
	address, err := url.Parse(uri)
	wantNoError(t, "Parse", err)
	mongotest.Serve(t, dir, address.Host)
	deadline := time.Now().Add(2 * time.Minute) // only keeps a broken test from hanging
	for err = s.Ping(t.Context()); err != nil; err = s.Ping(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatalf("Ping with the server back: %v", err)
		}
	}
	got := new(db.Session)
	err = s.Find(t.Context(), db.Sessions.Collection, store.Query{Where: store.Eq("_id", session.ID)}, func() store.Document { return got })
	wantNoError(t, "Find", err)
	if *got != *session {
		t.Errorf("got %+v, want %+v", got, session)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	s := openOn(t, mongotest.URI(t))
	wantNoError(t, "Ping", s.Ping(t.Context()))
	wantNoError(t, "Close", s.Close())
	wantNoError(t, "Close again", s.Close())
	if err := s.Ping(t.Context()); store.CodeOf(err) != store.Unavailable {
		t.Errorf("Ping after Close: got %v, want %s", err, store.Unavailable)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{"", "localhost", "mongodb://", "postgres://localhost"} {
		if s, err := mongo.Open(uri, "crm", nil); err == nil {
			t.Errorf("Open(%q): got no error", uri)
			_ = s.Close()
		}
	}
}
