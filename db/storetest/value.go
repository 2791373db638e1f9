package storetest

import (
	"math"
	"strings"
	"testing"
	"time"

	"crm/db/store"
)

func testValues(t *testing.T, e Engine) {
	s := e.Open(t, things)
	for name, change := range oddValues() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := newThing(change)
			insert(t, s, things, doc)
			sameThings(t, findThings(t, s, store.Query{Where: store.Eq("_id", doc.ID)}), doc)
		})
	}
	t.Run("nullable fields absent", func(t *testing.T) {
		t.Parallel()
		doc := &lean{*newThing()}
		insert(t, s, leanThings, doc)
		sameThings(t, findThings(t, s, store.Query{Where: store.Eq("_id", doc.ID)}), &doc.thing)
	})
	t.Run("required fields absent read as their defaults", func(t *testing.T) {
		t.Parallel()
		doc := &bare{*newThing()}
		insert(t, s, bareThings, doc)
		doc.At = time.Time{}
		sameThings(t, findThings(t, s, store.Query{Where: store.Eq("_id", doc.ID)}), &doc.thing)
	})
	t.Run("Find overwrites the document from next", func(t *testing.T) {
		t.Parallel()
		doc := newThing()
		insert(t, s, things, doc)
		got := newThing(func(d *thing) { d.Note, d.Score, d.Name, d.Active = new("old"), new(1), "old", true })
		err := s.Find(t.Context(), things, store.Query{Where: store.Eq("_id", doc.ID)}, func() store.Document { return got })
		wantCode(t, "Find", err, "")
		sameThings(t, []*thing{got}, doc)
	})
}

func oddValues() map[string]func(*thing) {
	zone := time.FixedZone("elsewhere", 5*3600+1800)
	id := store.NewID()
	return map[string]func(*thing){
		"all fields": func(d *thing) {
			d.Parent, d.Name, d.Rank, d.Active = store.NewID(), "name", 42, true
			d.Ref, d.Note, d.Score, d.Done, d.Until = &id, new("note"), new(7), new(true), &epoch
		},
		"zero values": func(d *thing) { d.At = time.Time{} },
		"zero values not null": func(d *thing) {
			d.Ref, d.Note, d.Score, d.Done = new(store.ID), new(""), new(0), new(false)
		},
		"negative int":        func(d *thing) { d.Rank, d.Score = -1, new(-1<<40) },
		"largest ints":        func(d *thing) { d.Rank, d.Score = math.MaxInt64, new(math.MinInt64) },
		"int beyond a double": func(d *thing) { d.Rank = 1<<53 + 1 },
		"unicode":             func(d *thing) { d.Name, d.Note = "Zoë 日本語 👩‍👩‍👧 e\u0301", new("\U0010ffff\u00a0") },
		"nul character":       func(d *thing) { d.Name, d.Note = "a\x00b", new("\x00") },
		"control characters":  func(d *thing) { d.Name = "\r\n\t\x01\x7f" },
		"one megabyte":        func(d *thing) { d.Name = strings.Repeat("0123456789abcdé", 1<<16) },
		"operator as text":    func(d *thing) { d.Name, d.Note = `{"$gt":""}`, new("$where") },
		"year 1":              func(d *thing) { d.At = time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC) },
		"year 9999":           func(d *thing) { d.At = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC) },
		"before 1970, below a millisecond": func(d *thing) {
			d.At = time.Date(1969, 7, 20, 20, 17, 40, 123_999_999, time.UTC)
		},
		"another zone": func(d *thing) {
			at := time.Date(2024, 1, 1, 3, 0, 0, 5_999_999, zone)
			d.At, d.Until = at, &at
		},
	}
}
