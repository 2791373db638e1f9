package sqlite

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"crm/db"
)

// filter writes a condition. SQL's comparisons with NULL are neither true nor false; since AND, OR and WHERE take that
// as false, only what negates has to mind it: IS NOT TRUE is the complement of every condition.
func (b *builder) filter(t *table, f db.Filter) {
	switch f.Op {
	case db.OpAll:
		b.write("1")
	case db.OpAnd:
		b.junction(t, f.Filters, " AND ", "1")
	case db.OpOr:
		b.junction(t, f.Filters, " OR ", "0")
	case db.OpNot:
		b.negation(func() { b.junction(t, f.Filters, " AND ", "1") })
	case db.OpNotIn:
		b.negation(func() { b.in(b.column(t, f.Field), f.Values) })
	case db.OpIn:
		b.in(b.column(t, f.Field), f.Values)
	case db.OpInQuery:
		b.inQuery(b.column(t, f.Field), f.Query)
	case db.OpIsNull:
		b.write(b.column(t, f.Field).name, " IS NULL")
	default:
		b.comparison(b.column(t, f.Field), f)
	}
}

// junction joins conditions. It nests them by halves, since SQLite limits how deep an expression may be.
func (b *builder) junction(t *table, filters []db.Filter, glue, empty string) {
	switch n := len(filters); n {
	case 0:
		b.write(empty)
	case 1:
		b.filter(t, filters[0])
	default:
		b.write("(")
		b.junction(t, filters[:n/2], glue, empty)
		b.write(glue)
		b.junction(t, filters[n/2:], glue, empty)
		b.write(")")
	}
}

func (b *builder) negation(condition func()) {
	b.write("((")
	condition()
	b.write(") IS NOT TRUE)")
}

func (b *builder) comparison(c column, f db.Filter) {
	text, isText := f.Value.(string)
	switch f.Op {
	case db.OpEq:
		b.compare(c, "=", f.Value)
	case db.OpNe:
		b.compare(c, "IS NOT", f.Value)
	case db.OpGt:
		b.compare(c, ">", f.Value)
	case db.OpGte:
		b.compare(c, ">=", f.Value)
	case db.OpLt:
		b.compare(c, "<", f.Value)
	case db.OpLte:
		b.compare(c, "<=", f.Value)
	case db.OpContains:
		b.write("instr(", c.name, ", ")
		b.value(c, f.Value)
		b.write(") > 0")
	case db.OpStartsWith:
		b.prefix(c, text)
	default:
		b.fail(fmt.Errorf("unknown operator %d on field %s", f.Op, c.Name))
	}
	if (f.Op == db.OpContains || f.Op == db.OpStartsWith) && (!isText || c.Type != db.TypeString) {
		b.fail(fmt.Errorf("field %s cannot be searched for a value of type %T", c.Name, f.Value))
	}
}

func (b *builder) compare(c column, operator string, value any) {
	b.write(c.name, " ", operator, " ")
	b.value(c, value)
}

// prefix writes a range: texts are ordered by their bytes, and an index serves ranges.
func (b *builder) prefix(c column, prefix string) {
	end := []byte(prefix)
	for len(end) > 0 && end[len(end)-1] == 0xff {
		end = end[:len(end)-1]
	}
	b.write("(")
	b.compare(c, ">=", prefix)
	if len(end) > 0 {
		end[len(end)-1]++
		b.write(" AND ")
		b.compare(c, "<", string(end))
	}
	b.write(")")
}

// maxListed is how many values a condition lists one by one.
const maxListed = 32

// in writes membership. Few values are listed, filled up to a power of two by repeating the last, so that there are
// few texts; many go as one JSON array. In that, texts and ids are hexadecimal: JSON's own escapes end at a NUL.
func (b *builder) in(c column, values []any) {
	if len(values) == 0 {
		b.write("0")
		return
	}
	if len(values) > maxListed {
		b.write(c.name, " IN (SELECT ", element(c.Type), " FROM json_each(")
		b.arg(b.array(c, values))
		b.write("))")
		return
	}
	size := 1
	for size < len(values) {
		size *= 2
	}
	glue := " IN ("
	b.write(c.name)
	for i := range size {
		b.write(glue)
		b.value(c, values[min(i, len(values)-1)])
		glue = ", "
	}
	b.write(")")
}

// element reads an element of an array back.
func element(t db.Type) string {
	switch t {
	case db.TypeID:
		return "unhex(value)"
	case db.TypeString:
		return "CAST(unhex(value) AS TEXT)"
	}
	return "value"
}

// array writes values as a JSON array that element reads.
func (b *builder) array(c column, values []any) string {
	text := []byte{'['}
	for i, value := range values {
		if i > 0 {
			text = append(text, ',')
		}
		if !fits(c.Type, value) {
			b.fail(fmt.Errorf("field %s cannot hold a value of type %T", c.Name, value))
		}
		switch v := value.(type) {
		case db.ID:
			text = append(hex.AppendEncode(append(text, '"'), v[:]), '"')
		case string:
			text = append(hex.AppendEncode(append(text, '"'), []byte(v)), '"')
		case time.Time:
			text = strconv.AppendInt(text, v.UnixMilli(), 10)
		case int:
			text = strconv.AppendInt(text, int64(v), 10)
		case bool:
			text = strconv.AppendBool(text, v)
		}
	}
	return string(append(text, ']'))
}

// inQuery writes membership in what another query selects.
func (b *builder) inQuery(c column, q *db.Subquery) {
	t := b.store.table(q.Collection)
	selected := b.column(t, q.Select)
	if selected.Type != c.Type {
		b.fail(fmt.Errorf("fields %s and %s.%s are of different types", c.Name, q.Collection.Name, q.Select))
	}
	b.write(c.name, " IN (SELECT ", selected.name)
	b.from(t, "", db.Query{Where: q.Where})
	b.write(")")
}
