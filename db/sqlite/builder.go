package sqlite

import (
	"fmt"

	"crm/db/store"
)

// builder composes a statement: its text, which holds names of declared fields and never a value, and the values of
// its parameters. Its buffers are used again and again. The first error stays, and no statement comes of it.
type builder struct {
	store *Store
	text  []byte
	args  []any
	err   error
	// few is how the next query finds out what few documents match; see Store.plan.
	few func(store.Filter) (bool, error)
}

// reset begins a new statement.
func (b *builder) reset(s *Store) {
	b.clear()
	b.store = s
}

// clear lets go of the values, which may be large.
func (b *builder) clear() {
	clear(b.args)
	b.text, b.args, b.err, b.few = b.text[:0], b.args[:0], nil, nil
}

func (b *builder) write(parts ...string) {
	for _, part := range parts {
		b.text = append(b.text, part...)
	}
}

// arg writes a parameter.
func (b *builder) arg(value any) {
	b.text = append(b.text, '?')
	b.args = append(b.args, value)
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// column returns the column of a field, whose name is "NULL" if there is none, which is an error.
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

// find writes a query of documents; with a parent, the first parameter is what that field holds.
func (b *builder) find(t *table, parent string, q store.Query) {
	b.write("SELECT ")
	b.columns(t, q.Fields)
	b.from(t, parent, q)
}

// columns writes the columns of the chosen fields.
func (b *builder) columns(t *table, fields store.Fields) {
	if fields == 0 {
		b.write(t.list)
		return
	}
	glue := ""
	for i, name := range t.names {
		if fields.Has(i) {
			b.write(glue, name)
			glue = ", "
		}
	}
}

// from writes a query behind what it selects.
func (b *builder) from(t *table, parent string, q store.Query) {
	b.write(" FROM ", t.name)
	p, err := b.store.plan(t, parent != "", q, b.few)
	if b.few = nil; err != nil {
		b.fail(err)
	}
	glue := " WHERE "
	if parent != "" {
		b.write(glue, b.column(t, parent).name, " = ")
		b.arg(nil)
		glue = " AND "
	}
	if q.Where.Op != store.OpAll {
		b.write(glue)
		b.conditions(t, p)
		glue = " AND "
	}
	if len(q.After) > 0 {
		b.write(glue)
		b.after(t, q, p.sorts)
	}
	b.order(t, q.Sort, p.sorts)
	if q.Limit > 0 {
		b.write(" LIMIT (")
		b.arg(q.Limit)
		b.write(" + 0)") // a mere ? has the planner look at its value, and prepare the statement anew for each one bound
	}
}

// where writes the condition that one document is meant, and matches.
func (b *builder) where(t *table, id store.ID, where store.Filter) {
	b.write(" WHERE ", b.column(t, "_id").name, " = ")
	b.arg(id)
	if where.Op != store.OpAll {
		b.write(" AND ")
		b.filter(t, where, access{})
	}
}

// set writes assignments.
func (b *builder) set(t *table, set []store.Assignment) {
	glue := " SET "
	for _, a := range set {
		c := b.column(t, a.Field)
		b.write(glue, c.name, " = ")
		glue = ", "
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
