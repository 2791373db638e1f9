package resolvers_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

// benchmarkQueries are the most frequent queries of front ends.
var benchmarkQueries = []struct{ name, query string }{
	{"nothing", `{ __typename }`},
	{"one", `{ interactions(first: 1) { nodes { id title kind status startTime customer { id name email company }
		tickets(first: 10) { nodes { id description status priority createdAt } } } } }`},
	{"list", `{ tickets(first: 20, where: {status: {eq: OPEN}}, orderBy: [{field: CREATED_AT, direction: DESC}]) {
		nodes { id description status priority createdAt customer { name } } } }`},
	{"nested", `{ customers(first: 50) { nodes { id name email company createdAt interactions(first: 5) { nodes {
		id title kind status startTime tickets(first: 3) { nodes { id description status priority createdAt } } } } } } }`},
}

// BenchmarkAnswer measures whole requests on SQLite in three modes: with the fast path, with gqlgen's executor instead, and
// also without siblings and projections.
func BenchmarkAnswer(b *testing.B) {
	t := newTwin(b, openBenchmarkStore(b))
	for _, q := range benchmarkQueries {
		for name, handler := range map[string]http.Handler{"fast": t.fast, "executor": t.stock, "plain": t.plain} {
			b.Run(q.name+"/"+name, func(b *testing.B) { benchmarkAnswer(b, handler, q.query) })
		}
	}
}

// BenchmarkAnswerMongo measures the same with MongoDB. A CPU profile of it contains what this process does, as the database
// is another one; FerretDB, which stands in without MONGO_TEST_URI, reads whole collections.
func BenchmarkAnswerMongo(b *testing.B) {
	store := mongotest.Open(b, db.Collections()...)
	fillBenchmark(b, store)
	t := newTwin(b, store)
	for _, q := range benchmarkQueries {
		b.Run(q.name, func(b *testing.B) { benchmarkAnswer(b, t.fast, q.query) })
	}
}

// BenchmarkRendering measures the same with documents from memory.
func BenchmarkRendering(b *testing.B) {
	store := openBenchmarkStore(b)
	for _, q := range benchmarkQueries {
		t := newTwin(b, &cachingStore{Store: store})
		for name, handler := range map[string]http.Handler{"fast": t.fast, "executor": t.stock} {
			b.Run(q.name+"/"+name, func(b *testing.B) { benchmarkAnswer(b, handler, q.query) })
		}
	}
}

// BenchmarkLoading measures only the reads of the nested query in package db, level by level.
func BenchmarkLoading(b *testing.B) {
	domain := newTwin(b, openBenchmarkStore(b)).domain
	scope := auth.SystemScope()
	b.ReportAllocs()
	for b.Loop() {
		customers, err := domain.Customers.Page(b.Context(), scope, entity.List{First: new(50)})
		if err != nil {
			b.Fatal(err)
		}
		var parents []store.ID
		for _, c := range customers.Items {
			parents = append(parents, c.ID)
		}
		interactions, err := domain.Interactions.PagesOf(b.Context(), scope, "customer_id", parents, entity.List{First: new(5)})
		if err != nil {
			b.Fatal(err)
		}
		parents = nil
		for _, page := range interactions {
			for _, i := range page.Items {
				parents = append(parents, i.ID)
			}
		}
		if _, err := domain.Tickets.PagesOf(b.Context(), scope, "interaction_id", parents, entity.List{First: new(3)}); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkAnswer(b *testing.B, handler http.Handler, query string) {
	b.Helper()
	r := request{viewer: viewers()[0], randomOperation: randomOperation{query: query}}
	if answer := r.send(b, handler); len(answer.errors) > 0 {
		b.Fatal(answer.errors)
	}
	b.ReportAllocs()
	for b.Loop() {
		if answered := r.post(b, handler); answered.Code != http.StatusOK {
			b.Fatal(answered.Body)
		}
	}
}

func openBenchmarkStore(b *testing.B) store.Store {
	b.Helper()
	store := openStore(b, filepath.Join(b.TempDir(), "crm.db"))
	fillBenchmark(b, store)
	return store
}

// fillBenchmark creates 100 customers, each with ten interactions, each with three tickets.
func fillBenchmark(b *testing.B, store store.Store) {
	b.Helper()
	domain := newTwin(b, store).domain
	var writers sync.WaitGroup
	for i := range 100 {
		writers.Go(func() {
			company := "TCS"
			c, err := domain.CreateCustomer(b.Context(), auth.SystemScope(), db.NewCustomer{
				Name: fmt.Sprint("Customer ", i), Email: fmt.Sprintf("c%d@example.org", i), Company: &company,
			})
			if err != nil {
				b.Error(err)
				return
			}
			fillCustomer(b, store, c, time.Date(2024, 1, 1, 12, 30, i, 0, time.UTC))
		})
	}
	writers.Wait()
}

func fillCustomer(b *testing.B, engine store.Store, c *db.Customer, at time.Time) {
	insert := func(into *store.Collection, doc store.Document) {
		if err := engine.Insert(b.Context(), into, doc); err != nil {
			b.Error(err)
		}
	}
	for n := range 10 {
		i := &db.Interaction{
			ID: store.NewID(), UserID: store.ID{1}, CustomerID: c.ID, Kind: db.KindMeeting, Title: "Plan the rollout",
			Description: "They asked for references from the same trade. Decide who signs, and by when.",
			StartTime:   at.Add(time.Duration(n) * time.Hour), Status: db.InteractionPlanned, CreatedAt: at, UpdatedAt: at, Version: 1,
		}
		insert(db.Interactions.Collection, i)
		for range 3 {
			insert(db.Tickets.Collection, &db.Ticket{
				ID: store.NewID(), InteractionID: &i.ID, CustomerID: c.ID, InteractionUserID: &i.UserID,
				Description: "Please send the minutes of the meeting.", Status: db.TicketOpen, Priority: db.PriorityHigh,
				CreatedAt: at, UpdatedAt: at, Version: 1,
			})
		}
	}
}

// cachingStore is a store that reads each collection once, and then returns copies of the cached documents. It is for one
// repeated operation.
type cachingStore struct {
	store.Store

	found sync.Map // maps requests to []child
}

type child struct {
	parent store.ID
	doc    store.Document
}

func (s *cachingStore) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	return s.cached(c.Name, func(store.ID) store.Document { return next() }, func(next func(store.ID) store.Document) error {
		return s.Store.Find(ctx, c, q, func() store.Document { return next(store.ID{}) })
	})
}

func (s *cachingStore) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(store.ID) store.Document,
) error {
	return s.cached(c.Name+parent, next, func(next func(store.ID) store.Document) error {
		return s.Store.FindChildren(ctx, c, parent, parents, q, next)
	})
}

func (s *cachingStore) cached(
	key string, next func(store.ID) store.Document, read func(next func(store.ID) store.Document) error,
) error {
	if known, ok := s.found.Load(key); ok {
		for _, one := range known.([]child) {
			copyDocument(next(one.parent), one.doc)
		}
		return nil
	}
	var found []child
	err := read(func(parent store.ID) store.Document {
		doc := next(parent)
		found = append(found, child{parent, doc})
		return doc
	})
	s.found.Store(key, found)
	return err
}

func copyDocument(to, from store.Document) {
	switch to := to.(type) {
	case *db.Customer:
		*to = *from.(*db.Customer)
	case *db.Interaction:
		*to = *from.(*db.Interaction)
	case *db.Ticket:
		*to = *from.(*db.Ticket)
	}
}
