package sqlite

import (
	"fmt"

	"crm/db/store"
)

// order writes the order of a query. Where the documents found are sorted, no index may give their order: the planner
// would rather read a whole one.
func (b *builder) order(t *table, sort []store.Sort, sorts bool) {
	glue := " ORDER BY "
	for _, key := range sort {
		b.write(glue, b.operand(t, key.Field, access{search: !sorts}).name)
		if key.Desc {
			b.write(" DESC")
		}
		glue = ", "
	}
}

// after writes the condition that a document comes behind q.After. In one direction that is a comparison of rows,
// which an index over the keys serves as a range.
func (b *builder) after(t *table, q store.Query, sorts bool) {
	if len(q.After) != len(q.Sort) {
		b.fail(fmt.Errorf("cannot read behind %d values in an order by %d keys", len(q.After), len(q.Sort)))
		return
	}
	for _, key := range q.Sort {
		if key.Desc != q.Sort[0].Desc {
			b.afterMixed(t, q.Sort, q.After, sorts)
			return
		}
	}
	glue := "("
	for _, key := range q.Sort {
		b.write(glue, b.operand(t, key.Field, access{search: !sorts}).name)
		glue = ", "
	}
	b.write(") ", beyond(q.Sort[0]), " ")
	glue = "("
	for i, key := range q.Sort {
		b.write(glue)
		b.value(b.column(t, key.Field), q.After[i])
		glue = ", "
	}
	b.write(")")
}

// afterMixed writes (a >= x AND (a > x OR the same for the keys behind it)): the first part is a range that an index
// over the first key serves.
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
