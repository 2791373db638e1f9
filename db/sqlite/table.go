package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"crm/db/store"
)

// table is a collection with its names in SQL.
type table struct {
	collection *store.Collection
	name       string            // quoted
	names      []string          // of the columns, quoted
	list       string            // all of them, as a SELECT lists them
	columns    map[string]column // by field
	search     string            // quoted name of the full-text index
	mark       string            // quoted name of the table that says how far the full-text index goes
	// searchable is set once there is a full-text index.
	searchable atomic.Bool
	// unindexed says how many new documents the full-text index may lack. A document whose searched text changed counts, too, since
	// that added a segment. It belongs to the writer's holder.
	unindexed int
	// texts are the positions of the searched fields.
	texts []int
}

type column struct {
	name string // quoted
	store.Field
}

// table returns the table of a collection. Collections never change, so tables are cached.
func (s *Store) table(c *store.Collection) *table {
	if known, ok := s.tables.Load(c); ok {
		return known.(*table)
	}
	t := &table{
		collection: c, name: quote(c.Name), columns: make(map[string]column, len(c.Fields)),
		search: quote(c.Name + searchSuffix), mark: quote(c.Name + markSuffix),
	}
	names := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		names[i] = quote(f.Name)
		t.columns[f.Name] = column{name: names[i], Field: f}
	}
	for _, field := range c.Searched {
		t.texts = append(t.texts, c.FieldIndex(field))
	}
	t.names, t.list = names, strings.Join(names, ", ")
	known, _ := s.tables.LoadOrStore(c, t)
	return known.(*table)
}

// quote writes an identifier.
func quote(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// column returns the column of a field. It fails for undeclared fields, so that they never get into SQL.
func (t *table) column(field string) (column, error) {
	c, ok := t.columns[field]
	if !ok {
		return column{}, fmt.Errorf("collection %s has no field %q", t.collection.Name, field)
	}
	return c, nil
}

// beginsIndex reports whether an index begins with the field.
func (t *table) beginsIndex(field string) bool {
	return slices.ContainsFunc(t.collection.Indexes, func(index store.Index) bool { return index.Keys[0].Field == field })
}
