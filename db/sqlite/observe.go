package sqlite

import (
	"slices"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

var _ store.Observable = (*Store)(nil)

// Observe implements store.Observable.
func (s *Store) Observe(o store.Observer, collections []*store.Collection) {
	s.observer, s.observed = o, make(map[string]*store.Collection, len(collections))
	for _, c := range collections {
		s.observed[c.Name] = c
	}
}

// inserting tells the observer about a document that is about to be inserted.
func (s *Store) inserting(c *store.Collection, pointers []any) {
	observed := s.observed[c.Name]
	if observed == nil {
		return
	}
	ids := make([]store.ID, 0, 8)
	for _, field := range idFields(observed) {
		id := store.ID{}
		if i := fieldIndex(c.Fields, field.Name); i >= 0 { // a field that isn't declared gets its default
			id, _ = store.ValueAt(pointers[i]).(store.ID)
		}
		ids = append(ids, id)
	}
	s.observer.Changing(observed, ids)
}

// changing tells the observer about the documents that a statement is about to change or remove. set is what it assigns,
// and where writes the condition by which it finds them.
func (s *Store) changing(w *conn, c *store.Collection, set []store.Assignment, where func(*builder)) error {
	observed := s.observed[c.Name]
	if observed == nil {
		return nil
	}
	b, fields := &w.builder, idFields(observed)
	b.reset(s)
	sep := "SELECT "
	for _, field := range fields {
		b.write(sep, quote(field.Name))
		sep = ", "
	}
	b.write(" FROM ", s.table(c).name)
	where(b)
	before, after := make([]store.ID, len(fields)), make([]store.ID, len(fields))
	return w.run(func(stmt *sqlite.Stmt) error {
		for i := range fields {
			before[i] = columnID(stmt, i)
		}
		s.observer.Changing(observed, before)
		copy(after, before)
		for _, a := range set {
			if i := fieldIndex(fields, a.Field); i >= 0 {
				after[i], _ = a.Value.(store.ID)
			}
		}
		if !slices.Equal(before, after) {
			s.observer.Changing(observed, after)
		}
		return nil
	})
}

// changed tells the observer that the writer's transaction has ended, and readers notice its commit.
func (s *Store) changed() {
	if s.observer != nil {
		s.observer.Changed()
	}
}

// idFields returns the collection's fields of TypeID, in their order.
func idFields(c *store.Collection) []store.Field {
	fields := make([]store.Field, 0, 8)
	for _, f := range c.Fields {
		if f.Type == store.TypeID {
			fields = append(fields, f)
		}
	}
	return fields
}

// fieldIndex returns the index of the field of that name, -1 if there is none.
func fieldIndex(fields []store.Field, name string) int {
	return slices.IndexFunc(fields, func(f store.Field) bool { return f.Name == name })
}
