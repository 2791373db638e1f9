package sqlite

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
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

func BenchmarkFindChildren(b *testing.B) {
	s, parents, _ := benchmarkStore(b, 1000)
	next := func(db.ID) db.Document { return new(db.Interaction) }
	for _, shape := range []struct{ parents, limit int }{{1, 5}, {50, 5}, {250, 3}} {
		b.Run(fmt.Sprint(shape.parents, "x", shape.limit), func(b *testing.B) {
			q := db.Query{Sort: byField("created_at", true), Limit: shape.limit}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i = (i + 50) % (len(parents) - shape.parents)
				of := parents[i : i+shape.parents]
				if err := s.FindChildren(b.Context(), db.Interactions, "customer_id", of, q, next); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkInsert has writers insert documents with an event each, all at once.
func BenchmarkInsert(b *testing.B) {
	for _, writers := range []int{1, 2, 8} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			s, parents, _ := benchmarkStore(b, 1000)
			b.ReportAllocs()
			b.ResetTimer()
			var begun atomic.Int64
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for n := int(begun.Add(1)); n <= b.N; n = int(begun.Add(1)) {
						doc := interaction(parents[n%len(parents)], n)
						event := &db.Event{ID: db.NewID(), Type: "interaction.created", Entity: doc.ID, At: doc.CreatedAt}
						if err := s.Insert(b.Context(), db.Interactions, doc, event); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
