package sqlite

import (
	"fmt"

	"crm/db/store"
)

// order writes the order of a query. If the documents found are sorted, the columns are hidden from the planner, which
// would rather read a whole index.
func (b *builder) order(t *table, sort []store.Sort, sorts bool) {
	sep := " ORDER BY "
	for _, key := range sort {
		b.write(sep, b.operand(t, key.Field, access{search: !sorts}).name)
		if key.Desc {
			b.write(" DESC")
		}
		sep = ", "
	}
}

// after writes the condition that a document comes after q.After. If all keys have one direction, that is a comparison
// of rows, which an index on the keys serves as a range.
func (b *builder) after(t *table, q store.Query, sorts bool) {
	if len(q.After) != len(q.Sort) {
		b.fail(fmt.Errorf("cannot read after %d values in an order by %d keys", len(q.After), len(q.Sort)))
		return
	}
	for _, key := range q.Sort {
		if key.Desc != q.Sort[0].Desc {
			b.afterMixed(t, q.Sort, q.After, sorts)
			return
		}
	}
	sep := "("
	for _, key := range q.Sort {
		b.write(sep, b.operand(t, key.Field, access{search: !sorts}).name)
		sep = ", "
	}
	b.write(") ", beyond(q.Sort[0]), " ")
	sep = "("
	for i, key := range q.Sort {
		b.write(sep)
		b.value(b.column(t, key.Field), q.After[i])
		sep = ", "
	}
	b.write(")")
}

// afterMixed writes (a >= x AND (a > x OR the same for the remaining keys)): the first part is a range that an index on
// the first key serves.
func (b *builder) afterMixed(t *table, sort []store.Sort, after []any, sorts bool) {
	c, operator := b.operand(t, sort[0].Field, access{search: !sorts}), beyond(sort[0])
	if len(sort) == 1 {
		b.compare(c, operator, after[0])
		return
	}
	b.write("(")
	b.compare(c, operator+"=", after[0])
	b.write(" AND (")
	b.compare(c, operator, after[0])
	b.write(" OR ")
	b.afterMixed(t, sort[1:], after[1:], sorts)
	b.write("))")
}

func beyond(key store.Sort) string {
	if key.Desc {
		return "<"
	}
	return ">"
}
