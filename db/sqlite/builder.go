package sqlite

import (
	"fmt"

	"crm/db/store"
)

// builder composes a statement: its text, which has names of declared fields and never a value, and the values of its
// parameters. Its buffers are reused. It keeps the first error, after which the statement can't be run.
type builder struct {
	store *Store
	text  []byte
	args  []any
	err   error
	// matchesFew tells the next query whether few documents match a condition; see Store.plan.
	matchesFew func(store.Filter) (bool, error)
}

// reset begins a new statement.
func (b *builder) reset(s *Store) {
	b.clear()
	b.store = s
}

// clear releases the values, which may be large.
func (b *builder) clear() {
	clear(b.args)
	b.text, b.args, b.err, b.matchesFew = b.text[:0], b.args[:0], nil, nil
}

func (b *builder) write(parts ...string) {
	for _, part := range parts {
		b.text = append(b.text, part...)
	}
}

// arg writes a parameter and binds its value.
func (b *builder) arg(value any) {
	b.text = append(b.text, '?')
	b.args = append(b.args, value)
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// column returns the column of a field. If there is none, it fails and the column's name is "NULL".
func (b *builder) column(t *table, field string) column {
	c, err := t.column(field)
	if err != nil {
		b.fail(err)
		return column{name: "NULL"}
	}
	return c
}

// value writes a parameter that a column is compared with or set to.
func (b *builder) value(c column, value any) {
	if !fits(c.Type, value) {
		b.fail(fmt.Errorf("field %s cannot hold a value of type %T", c.Name, value))
	}
	b.arg(value)
}

// find writes a query of documents; with a parent, the first parameter is that field's value.
func (b *builder) find(t *table, parent string, q store.Query) {
	b.write("SELECT ")
	b.columns(t, q.Fields)
	b.from(t, parent, q)
}

// columns writes the columns of the selected fields.
func (b *builder) columns(t *table, fields store.Fields) {
	if fields == 0 {
		b.write(t.list)
		return
	}
	sep := ""
	for i, name := range t.names {
		if fields.Has(i) {
			b.write(sep, name)
			sep = ", "
		}
	}
}

// from writes the part of a query after the selected columns.
func (b *builder) from(t *table, parent string, q store.Query) {
	b.write(" FROM ", t.name)
	p, err := b.store.plan(t, parent != "", q, b.matchesFew)
	if b.matchesFew = nil; err != nil {
		b.fail(err)
	}
	sep := " WHERE "
	if parent != "" {
		b.write(sep, b.column(t, parent).name, " = ")
		b.arg(nil)
		sep = " AND "
	}
	if q.Where.Op != store.OpAll {
		b.write(sep)
		b.conditions(t, p)
		sep = " AND "
	}
	if len(q.After) > 0 {
		b.write(sep)
		b.after(t, q, p.sorts)
	}
	b.order(t, q.Sort, p.sorts)
	if q.Limit > 0 {
		b.write(" LIMIT (")
		b.arg(q.Limit)
		b.write(" + 0)") // with a mere ?, the planner looks at its value and prepares the statement again for each value
	}
}

// where writes the condition that a document has that id and matches.
func (b *builder) where(t *table, id store.ID, where store.Filter) {
	b.write(" WHERE ", b.column(t, "_id").name, " = ")
	b.arg(id)
	if where.Op != store.OpAll {
		b.write(" AND ")
		b.filter(t, where, access{})
	}
}

// selected writes the condition that a document is the one (=) or among those (IN) that a query selects.
func (b *builder) selected(t *table, operator string, q store.Query) {
	id := b.column(t, "_id").name
	b.write(" WHERE ", id, " ", operator, " (SELECT ", id)
	b.from(t, "", q)
	b.write(")")
}

// set writes assignments.
func (b *builder) set(t *table, set []store.Assignment) {
	sep := " SET "
	for _, a := range set {
		c := b.column(t, a.Field)
		b.write(sep, c.name, " = ")
		sep = ", "
		switch {
		case a.Field == "_id":
			b.fail(fmt.Errorf("the _id of a document of %s cannot change", t.collection.Name))
		case a.Value == nil && c.Nullable:
			b.arg(nil)
		default:
			b.value(c, a.Value)
		}
	}
	if len(set) == 0 {
		b.fail(fmt.Errorf("nothing to set in %s", t.collection.Name))
	}
}
