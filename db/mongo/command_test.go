package mongo_test

import (
	"context"
	"slices"
	"testing"

	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

// openWithInteractions opens a store with three parents, the i-th of which has i interactions.
func openWithInteractions(t *testing.T) (*mongo.Store, *recorder, []store.ID) {
	t.Helper()
	r := new(recorder)
	collections := []*store.Collection{db.Interactions.Collection, db.Users.Collection}
	s := mongotest.OpenOn(t, mongotest.Database(t), collections, mongo.WithMonitor(r.monitor()))
	parents := []store.ID{store.NewID(), store.NewID(), store.NewID()}
	for i, parent := range parents {
		for range i {
			wantNoError(t, "Insert", s.Insert(t.Context(), db.Interactions.Collection, interactionOf(parent)))
		}
	}
	r.take()
	return s, r, parents
}

func interactionOf(customer store.ID) *db.Interaction {
	return &db.Interaction{
		ID: store.NewID(), CustomerID: customer, Kind: db.KindMeeting, Status: db.InteractionPlanned,
		StartTime: legacyTime, CreatedAt: legacyTime, UpdatedAt: legacyTime,
	}
}

func newInteraction() store.Document { return new(db.Interaction) }

// step is an operation and the commands that it should send.
type step struct {
	name string
	run  func(context.Context) error
	want []string
}

func writeSteps(s *mongo.Store, parent store.ID) []step {
	doc := interactionOf(parent)
	event := func() *store.Event { return &store.Event{ID: store.NewID(), Entity: doc.ID} }
	set := []store.Assignment{{Field: "title", Value: "x"}}
	return []step{
		{"Insert", func(ctx context.Context) error {
			return s.Insert(ctx, db.Interactions.Collection, doc, event())
		}, []string{"insert"}},
		{"Update", func(ctx context.Context) error {
			return s.Update(ctx, db.Interactions.Collection, doc.ID, store.Eq("version", 0), set, event())
		}, []string{"update"}},
		{"Claim", func(ctx context.Context) error {
			return s.Claim(ctx, db.Interactions.Collection, store.Query{Where: store.Eq("_id", doc.ID)}, set, newInteraction())
		}, []string{"findAndModify"}},
		{"Delete", func(ctx context.Context) error {
			return s.Delete(ctx, db.Interactions.Collection, doc.ID, store.Filter{}, event())
		}, []string{"update"}},
	}
}

func readSteps(s *mongo.Store, parents []store.ID) []step {
	order := []store.Sort{{Field: "created_at"}, {Field: "_id"}}
	where := store.Eq("title", "x")
	return []step{
		{"Find", func(ctx context.Context) error {
			return s.Find(ctx, db.Interactions.Collection, store.Query{Sort: order, Limit: 4}, newInteraction)
		}, []string{"find"}},
		{"Find of a whole page", func(ctx context.Context) error {
			return s.Find(ctx, db.Interactions.Collection, store.Query{Sort: order, Limit: 2}, newInteraction)
		}, []string{"find"}},
		{"Count", func(ctx context.Context) error {
			_, err := s.Count(ctx, db.Interactions.Collection, where)
			return err
		}, []string{"aggregate"}},
		{"CountBy", func(ctx context.Context) error {
			_, err := s.CountBy(ctx, db.Interactions.Collection, "customer_id", parents, where)
			return err
		}, []string{"aggregate"}},
		{"Find with a subquery", func(ctx context.Context) error {
			in := store.InQuery("user_id", db.Users.Collection, "_id", store.Eq("name", "x"))
			return s.Find(ctx, db.Interactions.Collection, store.Query{Where: in}, newInteraction)
		}, []string{"aggregate", "find"}},
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	s, r, parents := openWithInteractions(t)
	for _, step := range append(writeSteps(s, parents[0]), readSteps(s, parents)...) {
		wantNoError(t, step.name, step.run(t.Context()))
		if got := r.take(); !slices.Equal(got, step.want) {
			t.Errorf("%s: sent %v, want %v", step.name, got, step.want)
		}
	}
}

func TestCommandsOfFindChildren(t *testing.T) {
	t.Parallel()
	s, r, parents := openWithInteractions(t)
	find := func(limit int) map[store.ID]int {
		t.Helper()
		counts := map[store.ID]int{}
		err := s.FindChildren(t.Context(), db.Interactions.Collection, "customer_id", parents, store.Query{Limit: limit},
			func(parent store.ID) store.Document {
				counts[parent]++
				return new(db.Interaction)
			})
		wantNoError(t, "FindChildren", err)
		return counts
	}
	if counts := find(1); len(counts) != 2 || counts[parents[2]] != 1 {
		t.Errorf("got %v children by parent, want 1 of 2 parents", counts)
	}
	// FerretDB refuses the pipeline, which is tried only once.
	if got := r.take(); !slices.Equal(got, []string{"aggregate"}) && !slices.Equal(got, []string{"aggregate", "find"}) {
		t.Errorf("sent %v, want one aggregate, and a find only if that is refused", got)
	}
	find(1)
	if got := r.take(); len(got) != 1 {
		t.Errorf("sent %v, want one command", got)
	}
	if counts := find(0); counts[parents[2]] != 2 {
		t.Errorf("got %v children by parent, want all", counts)
	}
	if got := r.take(); !slices.Equal(got, []string{"find"}) {
		t.Errorf("sent %v, want one find", got)
	}
}

func TestTooLargeSubquery(t *testing.T) {
	t.Parallel()
	s, _, parents := openWithInteractions(t)
	find := func() error {
		in := store.InQuery("_id", db.Interactions.Collection, "customer_id", store.Filter{})
		return s.Find(t.Context(), db.Users.Collection, store.Query{Where: in}, func() store.Document { return new(db.User) })
	}
	s.LimitSubqueries(len(parents) - 1)
	wantNoError(t, "Find", find())
	s.LimitSubqueries(len(parents) - 2)
	if err := find(); store.CodeOf(err) != store.BadInput {
		t.Errorf("got %v, want %s", err, store.BadInput)
	}
}

// TestPurgeKeepsEvents checks that the pending events of a purged document are still moved.
func TestPurgeKeepsEvents(t *testing.T) {
	t.Parallel()
	s, _, _ := openWithInteractions(t)
	doc := &db.Interaction{ID: store.NewID(), Title: "gone"}
	wantNoError(t, "Insert", s.Insert(t.Context(), db.Interactions.Collection, doc, &store.Event{ID: store.NewID(), Entity: doc.ID}))
	removed, err := s.Purge(t.Context(), db.Interactions.Collection, store.Filter{}, 10)
	wantNoError(t, "Purge", err)
	if removed != 4 {
		t.Errorf("removed %d documents, want 4", removed)
	}
	n, err := s.Count(t.Context(), db.Interactions.Collection, store.Filter{})
	wantNoError(t, "Count", err)
	if n != 0 {
		t.Errorf("%d documents are left, want none", n)
	}
	moved, err := s.MoveEvents(t.Context(), 10)
	wantNoError(t, "MoveEvents", err)
	if moved != 1 {
		t.Errorf("moved %d events, want 1", moved)
	}
}
