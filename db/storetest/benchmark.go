package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"crm/db/store"
)

// The benchmarks read parents with some children each.
const (
	benchmarkParents  = 250
	benchmarkChildren = 10
)

// Benchmark measures an engine's reads and writes, with their allocations. open opens a store on an empty database.
func Benchmark(b *testing.B, open func(b *testing.B, collections ...*store.Collection) store.Store) {
	s := open(b, things)
	data := fillBenchmark(b, s)
	b.Run("Find/id", func(b *testing.B) {
		data.read(b, func(i int) error {
			q := store.Query{Where: store.Eq("_id", data.children[i*7919%len(data.children)]), Limit: 1}
			return s.Find(b.Context(), things, q, newDocument)
		})
	})
	b.Run("Find/20 ids", func(b *testing.B) {
		data.read(b, func(i int) error {
			from := i * 20 % (len(data.children) - 20)
			return s.Find(b.Context(), things, store.Query{Where: store.In("_id", data.children[from:from+20])}, newDocument)
		})
	})
	b.Run("Find/20 in order", func(b *testing.B) {
		data.read(b, func(int) error {
			return s.Find(b.Context(), things, store.Query{Sort: newest, Limit: 20}, newDocument)
		})
	})
	b.Run("Find/20 in order, 3 fields", func(b *testing.B) {
		data.read(b, func(int) error {
			q := store.Query{Sort: newest, Limit: 20, Fields: things.Select("name", "rank")}
			return s.Find(b.Context(), things, q, newDocument)
		})
	})
	for _, shape := range []struct{ parents, limit int }{{1, 5}, {50, 5}, {250, 3}} {
		b.Run(fmt.Sprintf("FindChildren/%d of %d parents", shape.limit, shape.parents), func(b *testing.B) {
			q := store.Query{Sort: newest, Limit: shape.limit}
			data.read(b, func(i int) error {
				from := i * 50 % (benchmarkParents - shape.parents + 1)
				return s.FindChildren(b.Context(), things, "parent_id", data.parents[from:from+shape.parents], q,
					func(store.ID) store.Document { return new(thing) })
			})
		})
	}
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprintf("Insert/%d writers", writers), func(b *testing.B) {
			b.ReportAllocs()
			data.write(b, s, writers, b.N)
		})
	}
}

var newest = []store.Sort{{Field: "rank", Desc: true}, {Field: "_id", Desc: true}}

func newDocument() store.Document { return new(thing) }

type benchmarkData struct{ parents, children []store.ID }

func fillBenchmark(b *testing.B, s store.Store) *benchmarkData {
	b.Helper()
	data := &benchmarkData{parents: make([]store.ID, benchmarkParents)}
	for i := range data.parents {
		data.parents[i] = store.NewID()
	}
	data.write(b, s, 8, benchmarkParents*benchmarkChildren)
	for _, d := range findThings(b, s, store.Query{}) {
		data.children = append(data.children, d.ID)
	}
	return data
}

// read runs a read operation as often as the benchmark requires.
func (d *benchmarkData) read(b *testing.B, operation func(i int) error) {
	b.Helper()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := operation(i); err != nil {
			b.Fatal(err)
		}
	}
}

// write inserts n children with an event each, by concurrent writers.
func (d *benchmarkData) write(b *testing.B, s store.Store, writers, n int) {
	b.Helper()
	var begun atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := int(begun.Add(1)); i <= n; i = int(begun.Add(1)) {
				child := newThing(func(t *thing) { t.Parent, t.Name, t.Rank = d.parents[i%len(d.parents)], "A child", i })
				if err := s.Insert(b.Context(), things, child, newEvent("thing.created", child.ID)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
