package mongo_test

import (
	"context"
	"slices"
	"testing"

	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
)

// household is a store with three parents, the i-th of which has i interactions.
func household(t *testing.T) (*mongo.Store, *recorder, []db.ID) {
	t.Helper()
	r := new(recorder)
	collections := []*db.Collection{db.Interactions, db.Users}
	s := mongotest.OpenOn(t, mongotest.Database(t), collections, mongo.WithMonitor(r.monitor()))
	parents := []db.ID{db.NewID(), db.NewID(), db.NewID()}
	for i, parent := range parents {
		for range i {
			doc := &db.Interaction{ID: db.NewID(), CustomerID: parent}
			wantNoError(t, "Insert", s.Insert(t.Context(), db.Interactions, doc))
		}
	}
	r.take()
	return s, r, parents
}

func newInteraction() db.Document { return new(db.Interaction) }

// step is an operation and the commands that it may send.
type step struct {
	name string
	run  func(context.Context) error
	want []string
}

func writeSteps(s *mongo.Store, parent db.ID) []step {
	doc := &db.Interaction{ID: db.NewID(), CustomerID: parent}
	event := func() *db.Event { return &db.Event{ID: db.NewID(), Entity: doc.ID} }
	set := []db.Assignment{{Field: "title", Value: "x"}}
	return []step{
		{"Insert", func(ctx context.Context) error {
			return s.Insert(ctx, db.Interactions, doc, event())
		}, []string{"insert"}},
		{"Update", func(ctx context.Context) error {
			return s.Update(ctx, db.Interactions, doc.ID, db.Eq("version", 0), set, event())
		}, []string{"update"}},
		{"Claim", func(ctx context.Context) error {
			return s.Claim(ctx, db.Interactions, db.Query{Where: db.Eq("_id", doc.ID)}, set, newInteraction())
		}, []string{"findAndModify"}},
		{"Delete", func(ctx context.Context) error {
			return s.Delete(ctx, db.Interactions, doc.ID, db.Filter{}, event())
		}, []string{"update"}},
	}
}

func readSteps(s *mongo.Store, parents []db.ID) []step {
	order := []db.Sort{{Field: "created_at"}, {Field: "_id"}}
	where := db.Eq("title", "x")
	return []step{
		{"Find", func(ctx context.Context) error {
			return s.Find(ctx, db.Interactions, db.Query{Sort: order, Limit: 4}, newInteraction)
		}, []string{"find"}},
		{"Find of a whole page", func(ctx context.Context) error {
			return s.Find(ctx, db.Interactions, db.Query{Sort: order, Limit: 2}, newInteraction)
		}, []string{"find"}},
		{"Count", func(ctx context.Context) error {
			_, err := s.Count(ctx, db.Interactions, where)
			return err
		}, []string{"aggregate"}},
		{"CountBy", func(ctx context.Context) error {
			_, err := s.CountBy(ctx, db.Interactions, "customer_id", parents, where)
			return err
		}, []string{"aggregate"}},
		{"Find with a subquery", func(ctx context.Context) error {
			in := db.InQuery("user_id", db.Users, "_id", db.Eq("name", "x"))
			return s.Find(ctx, db.Interactions, db.Query{Where: in}, newInteraction)
		}, []string{"aggregate", "find"}},
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	s, r, parents := household(t)
	for _, step := range append(writeSteps(s, parents[0]), readSteps(s, parents)...) {
		wantNoError(t, step.name, step.run(t.Context()))
		if got := r.take(); !slices.Equal(got, step.want) {
			t.Errorf("%s: sent %v, want %v", step.name, got, step.want)
		}
	}
}

func TestCommandsOfFindChildren(t *testing.T) {
	t.Parallel()
	s, r, parents := household(t)
	find := func(limit int) map[db.ID]int {
		t.Helper()
		counts := map[db.ID]int{}
		err := s.FindChildren(t.Context(), db.Interactions, "customer_id", parents, db.Query{Limit: limit},
			func(parent db.ID) db.Document {
				counts[parent]++
				return new(db.Interaction)
			})
		wantNoError(t, "FindChildren", err)
		return counts
	}
	if counts := find(1); len(counts) != 2 || counts[parents[2]] != 1 {
		t.Errorf("got %v children by parent, want 1 of 2 parents", counts)
	}
	// FerretDB refuses the pipeline, which is tried once.
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
	s, _, parents := household(t)
	find := func() error {
		in := db.InQuery("_id", db.Interactions, "customer_id", db.Filter{})
		return s.Find(t.Context(), db.Users, db.Query{Where: in}, func() db.Document { return new(db.User) })
	}
	s.LimitSubqueries(len(parents) - 1)
	wantNoError(t, "Find", find())
	s.LimitSubqueries(len(parents) - 2)
	if err := find(); db.CodeOf(err) != db.BadInput {
		t.Errorf("got %v, want %s", err, db.BadInput)
	}
}

// TestPurgeKeepsEvents checks that what waits in a purged document is moved all the same.
func TestPurgeKeepsEvents(t *testing.T) {
	t.Parallel()
	s, _, _ := household(t)
	doc := &db.Interaction{ID: db.NewID(), Title: "gone"}
	wantNoError(t, "Insert", s.Insert(t.Context(), db.Interactions, doc, &db.Event{ID: db.NewID(), Entity: doc.ID}))
	removed, err := s.Purge(t.Context(), db.Interactions, db.Filter{}, 10)
	wantNoError(t, "Purge", err)
	if removed != 4 {
		t.Errorf("removed %d documents, want 4", removed)
	}
	n, err := s.Count(t.Context(), db.Interactions, db.Filter{})
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
