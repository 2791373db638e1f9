package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"crm/db"
)

// benchmarkStore holds customers, of whom each has ten interactions.
func benchmarkStore(b *testing.B, customers int) (*Store, []db.ID, []db.ID) {
	b.Helper()
	s := open(b, filepath.Join(b.TempDir(), "crm.db"), db.Collections()...)
	parents := make([]db.ID, customers)
	var children []db.ID
	err := s.transact(b.Context(), s.writer, func() error {
		for i := range parents {
			parents[i] = db.NewID()
			for n := range 10 {
				doc := interaction(parents[i], i*10+n)
				children = append(children, doc.ID)
				if err := s.insert(s.writer, db.Interactions, doc); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return s, parents, children
}

func interaction(customer db.ID, n int) *db.Interaction {
	at := time.UnixMilli(1_700_000_000_000 + int64(n*7919%100_003)*1000)
	return &db.Interaction{
		ID: db.NewID(), UserID: db.ID{1}, CustomerID: customer, Kind: db.KindMeeting, Title: fmt.Sprint("Meeting ", n),
		Description: "We talk about the order, the delivery and what comes then.", StartTime: at, Location: new("Room 1"),
		Status: db.InteractionPlanned, CreatedAt: at, UpdatedAt: at, Version: 1,
	}
}

func BenchmarkFindByID(b *testing.B) {
	s, _, children := benchmarkStore(b, 1000)
	doc := new(db.Interaction)
	next := func() db.Document { return doc }
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		q := db.Query{Where: db.Eq("_id", children[i*7919%len(children)])}
		if err := s.Find(b.Context(), db.Interactions, q, next); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindChildren50x5(b *testing.B) {
	s, parents, _ := benchmarkStore(b, 1000)
	q := db.Query{Sort: []db.Sort{{Field: "created_at", Desc: true}, {Field: "_id", Desc: true}}, Limit: 5}
	next := func(db.ID) db.Document { return new(db.Interaction) }
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i = (i + 50) % len(parents)
		if err := s.FindChildren(b.Context(), db.Interactions, "customer_id", parents[i:i+50], q, next); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInsert(b *testing.B) {
	for name, events := range map[string]int{"alone": 0, "with an event": 1} {
		b.Run(name, func(b *testing.B) {
			s, parents, _ := benchmarkStore(b, 1000)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				doc := interaction(parents[i%len(parents)], i)
				event := &db.Event{ID: db.NewID(), Type: "interaction.created", Entity: doc.ID, At: doc.CreatedAt}
				if err := s.Insert(b.Context(), db.Interactions, doc, []*db.Event{event}[:events]...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
