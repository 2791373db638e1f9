package sqlite

import (
	"context"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// Insert implements store.Store.
func (s *Store) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	return s.write(ctx, c, events, func(w *conn) error { return s.insert(w, c, doc) })
}

func (s *Store) insert(w *conn, c *store.Collection, doc store.Document) error {
	t := s.table(c)
	pointers := doc.Pointers(nil)
	if len(pointers) != len(c.Fields) {
		return fmt.Errorf("a document of %s has %d fields, not %d", c.Name, len(pointers), len(c.Fields))
	}
	s.inserting(c, pointers)
	b := &w.builder
	b.reset(s)
	b.write("INSERT INTO ", t.name, " (", t.list, ") VALUES ")
	sep := "("
	for _, pointer := range pointers {
		b.write(sep)
		b.arg(pointer)
		sep = ", "
	}
	b.write(")")
	t.unindexed += t.weight(pointers)
	return w.run(nil)
}

// Update implements store.Store.
func (s *Store) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	return s.write(ctx, c, events, func(w *conn) error { return s.update(w, c, id, where, set) })
}

func (s *Store) update(w *conn, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment) error {
	t := s.table(c)
	found := func(b *builder) { b.where(t, id, where) }
	b, err := s.announce(w, c, set, found)
	if err != nil {
		return err
	}
	b.write("UPDATE ", t.name)
	b.set(t, set)
	found(b)
	if slices.ContainsFunc(set, func(a store.Assignment) bool { return slices.Contains(c.Searched, a.Field) }) {
		t.unindexed++
	}
	return w.change()
}

// announce tells the observer about the documents that a statement is about to change or remove, and returns the builder for
// that statement. found writes the condition by which it finds them.
func (s *Store) announce(w *conn, c *store.Collection, set []store.Assignment, found func(*builder)) (*builder, error) {
	if err := s.changing(w, c, set, found); err != nil {
		return nil, err
	}
	w.builder.reset(s)
	return &w.builder, nil
}

// Delete implements store.Store. It removes the document at once, since its events are in the log already.
func (s *Store) Delete(ctx context.Context, c *store.Collection, id store.ID, where store.Filter, events ...*store.Event) error {
	return s.write(ctx, c, events, func(w *conn) error { return s.remove(w, c, id, where) })
}

func (s *Store) remove(w *conn, c *store.Collection, id store.ID, where store.Filter) error {
	t := s.table(c)
	found := func(b *builder) { b.where(t, id, where) }
	b, err := s.announce(w, c, nil, found)
	if err != nil {
		return err
	}
	b.write("DELETE FROM ", t.name)
	found(b)
	return w.change()
}

// change runs the statement that the builder holds. It is errNoRow if no document changed.
func (c *conn) change() error {
	if err := c.run(nil); err != nil {
		return err
	}
	if c.sqlite.Changes() == 0 {
		return errNoRow
	}
	return nil
}

// Claim implements store.Store.
func (s *Store) Claim(ctx context.Context, c *store.Collection, q store.Query, set []store.Assignment, doc store.Document) error {
	return s.write(ctx, c, nil, func(w *conn) error {
		t := s.table(c)
		q.Limit = 1
		first := func(b *builder) { b.selected(t, "=", q) }
		b, err := s.announce(w, c, set, first)
		if err != nil {
			return err
		}
		b.write("UPDATE ", t.name)
		b.set(t, set)
		first(b)
		b.write(" RETURNING ", t.list)
		found := false
		err = w.run(func(stmt *sqlite.Stmt) error {
			found = true
			return w.scan(stmt, t, 0, doc)
		})
		if err == nil && !found {
			return errNoRow
		}
		return err
	})
}

// Purge implements store.Store.
func (s *Store) Purge(ctx context.Context, c *store.Collection, where store.Filter, limit int) (int, error) {
	if limit <= 0 {
		return 0, nil
	}
	removed := 0
	err := s.write(ctx, c, nil, func(w *conn) error {
		t := s.table(c)
		found := func(b *builder) { b.selected(t, "IN", store.Query{Where: where, Limit: limit}) }
		b, err := s.announce(w, c, nil, found)
		if err != nil {
			return err
		}
		b.write("DELETE FROM ", t.name)
		found(b)
		err = w.run(nil)
		removed = w.sqlite.Changes()
		return err
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
