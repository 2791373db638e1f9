package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"

	"crm/db/store"
)

// writers starts operations that wait for one that holds the writer, in a synctest bubble.
type writers struct {
	t       *testing.T
	s       *Store
	results map[string]chan any
	release chan struct{}
}

// holdWriter starts an operation that holds the writer until the channel release is closed.
func holdWriter(t *testing.T, s *Store) *writers {
	w := &writers{t: t, s: s, results: make(map[string]chan any), release: make(chan struct{})}
	w.start("holder", func() error {
		return s.write(t.Context(), notes, nil, func(*conn) error {
			<-w.release
			return nil
		})
	})
	return w
}

// start starts an operation and returns when it is in the queue.
func (w *writers) start(name string, operate func() error) {
	result := make(chan any, 1)
	w.results[name] = result
	go func() {
		defer func() {
			if value := recover(); value != nil {
				result <- value
			}
		}()
		result <- operate()
	}()
	synctest.Wait()
}

// insert starts an insert of a note with that title, with an event.
func (w *writers) insert(title string) {
	doc := &note{ID: store.NewID(), Title: title}
	w.start(title, func() error {
		return w.s.Insert(w.t.Context(), notes, doc, &store.Event{ID: store.NewID(), Entity: doc.ID})
	})
}

// insertThenPanic starts an operation that panics after it has inserted a note.
func (w *writers) insertThenPanic(name string) {
	w.start(name, func() error {
		return w.s.write(w.t.Context(), notes, nil, func(c *conn) error {
			if err := c.exec("INSERT INTO notes (_id, title) VALUES (x'00', 'half')"); err != nil {
				return err
			}
			panic("no luck")
		})
	})
}

// insertUntilInterrupted starts an operation that inserts notes without end, and is cancelled meanwhile.
func (w *writers) insertUntilInterrupted(name string) {
	interrupted, interrupt := context.WithCancel(w.t.Context())
	w.start(name, func() error {
		return w.s.write(interrupted, notes, nil, func(c *conn) error {
			go interrupt()
			return c.exec("INSERT INTO notes (_id, title) " +
				"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT randomblob(12), i FROM n")
		})
	})
}

// result returns an operation's error, including a panic that the store relays.
func (w *writers) result(name string) error {
	result := <-w.results[name]
	err, ok := result.(error)
	if !ok && result != nil {
		w.t.Errorf("%s panicked: %v", name, result)
	}
	return err
}

// wantTitles checks which notes there are, and that each has an event.
func wantTitles(t *testing.T, s *Store, want ...string) {
	t.Helper()
	got := make(map[string]bool)
	for _, n := range findNotes(t, s, store.Filter{}) {
		got[n.Title] = true
	}
	for _, title := range want {
		if !got[title] {
			t.Errorf("note %q is missing", title)
		}
	}
	if len(got) != len(want) {
		t.Errorf("found notes %v, want %v", got, want)
	}
	checkSeq(t, s, len(want))
}

// TestGroupIsolatesMembers runs operations that fail in every possible way in a transaction with others.
func TestGroupIsolatesMembers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
		logged := &store.Event{ID: store.NewID()}
		if err := s.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: "before"}, logged); err != nil {
			t.Fatal(err)
		}
		w := holdWriter(t, s)
		w.insert("first")
		w.start("taken", func() error { return s.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: "first"}) })
		w.start("missing", func() error {
			return s.Update(t.Context(), notes, store.NewID(), store.Filter{}, []store.Assignment{{Field: "score", Value: 1}})
		})
		w.start("logged twice", func() error {
			return s.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: "half"}, logged)
		})
		w.insertThenPanic("panic")
		w.insertUntilInterrupted("interrupted")
		w.insert("last")
		ended, end := context.WithCancel(t.Context())
		w.start("cancelled when done", func() error {
			return s.write(ended, notes, nil, func(c *conn) error {
				defer end()
				return c.exec("UPDATE notes SET score = 7")
			})
		})

		close(w.release)
		for name, want := range map[string]store.Code{
			"holder": "", "first": "", "last": "", "cancelled when done": "", "taken": store.Conflict, "missing": store.NotFound,
		} {
			if err := w.result(name); store.CodeOf(err) != want || (want == "") != (err == nil) {
				t.Errorf("%s: got error %v, want code %q", name, err, want)
			}
		}
		if err := w.result("logged twice"); err == nil || store.CodeOf(err) != "" {
			t.Errorf("logged twice: got %v, want an internal error", err)
		}
		var relayed *store.PanicError
		if err := w.result("panic"); !errors.As(err, &relayed) || relayed.Value != "no luck" {
			t.Errorf("panic: got %v, want the panic", err)
		}
		if err := w.result("interrupted"); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted: got %v, want the context's error", err)
		}
		wantTitles(t, s, "before", "first", "last")
	})
}

// TestGroupFailsTogether makes a commit fail.
func TestGroupFailsTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
		w := holdWriter(t, s)
		w.insert("first")
		w.start("saboteur", func() error {
			return s.write(t.Context(), notes, nil, func(c *conn) error { return c.exec("ROLLBACK") })
		})
		close(w.release)
		for name := range w.results {
			if err := w.result(name); err == nil {
				t.Errorf("%s is acknowledged, but was not committed", name)
			}
		}
		wantTitles(t, s)
		if err := s.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: "x"}, &store.Event{}); err != nil {
			t.Errorf("Insert afterwards: %v", err)
		}
		wantTitles(t, s, "x")
	})
}

func TestQueueCanBeLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
		w := holdWriter(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		w.start("cancelled", func() error { return s.Insert(ctx, notes, &note{ID: store.NewID(), Title: "cancelled"}) })
		w.insert("patient")
		cancel()
		if err := w.result("cancelled"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: got %v, want the context's error", err)
		}
		close(w.release)
		for _, name := range []string{"holder", "patient"} {
			if err := w.result(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantTitles(t, s, "patient")
	})
}

// TestQueueEndsWithTheStore closes a store while operations wait: running ones finish, waiting ones are refused.
func TestQueueEndsWithTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
		w := holdWriter(t, s)
		w.insert("waiting")
		w.start("close", s.Close)
		if err := w.result("waiting"); store.CodeOf(err) != store.Unavailable {
			t.Errorf("waiting: got %v, want UNAVAILABLE", err)
		}
		close(w.release)
		for _, name := range []string{"holder", "close"} {
			if err := w.result(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestNextLeads cancels an operation while it waits for another process's lock: the next one takes over.
func TestNextLeads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "crm.db")
		s, other := open(t, path, notes), openOther(t, path, notes)
		w := &writers{t: t, s: s, results: make(map[string]chan any)}
		ctx, cancel := context.WithCancel(t.Context())
		err := other.transact(t.Context(), other.writer, func() error {
			w.start("impatient", func() error { return s.Insert(ctx, notes, &note{ID: store.NewID()}) })
			w.insert("next")
			cancel()
			if err := w.result("impatient"); !errors.Is(err, context.Canceled) {
				t.Errorf("impatient: got %v, want the context's error", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if err := w.result("next"); err != nil {
			t.Errorf("next: %v", err)
		}
		wantTitles(t, s, "next")
	})
}

// TestGroupIsBounded checks within each operation how much has been committed.
func TestGroupIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
		w := holdWriter(t, s)
		committed := make(map[int]int)
		for i := range 2 * maxGroup {
			w.start(fmt.Sprint(i), func() error {
				return s.write(t.Context(), notes, nil, func(c *conn) error {
					n, err := s.Count(t.Context(), notes, store.Filter{})
					committed[n]++
					return errors.Join(err, s.insert(c, notes, &note{ID: store.NewID(), Score: i}))
				})
			})
		}
		close(w.release)
		for name := range w.results {
			if err := w.result(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := committed[0]; n != maxGroup-1 {
			t.Errorf("the holder shares its transaction with %d operations, want %d", n, maxGroup-1)
		}
		if n := committed[maxGroup-1]; n != maxGroup {
			t.Errorf("%d operations share the next transaction, want %d", n, maxGroup)
		}
	})
}
