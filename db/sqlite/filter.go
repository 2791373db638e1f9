package sqlite

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"crm/db/store"
)

// filter writes a condition. SQL's comparisons with NULL are neither true nor false; since AND, OR and WHERE treat that
// as false, only negations need care: IS NOT TRUE is the complement of every condition.
func (b *builder) filter(t *table, f store.Filter, a access) {
	switch f.Op {
	case store.OpAll:
		b.write("1")
	case store.OpAnd:
		b.junction(t, f.Filters, " AND ", "1", a)
	case store.OpOr:
		b.junction(t, slices.DeleteFunc(slices.Clone(f.Filters), isNone), " OR ", "0", a)
	case store.OpNot:
		b.negation(func() { b.junction(t, f.Filters, " AND ", "1", access{}) })
	case store.OpNotIn:
		b.negation(func() { b.in(b.operand(t, f.Field, access{}), f.Values) })
	case store.OpIn:
		b.in(b.operand(t, f.Field, a), f.Values)
	case store.OpInQuery:
		b.inQuery(t, f, a)
	case store.OpIsNull:
		b.write(b.operand(t, f.Field, a).name, " IS NULL")
	case store.OpContains:
		b.contains(t, f, a)
	default:
		b.comparison(b.operand(t, f.Field, a), f)
	}
}

// operand returns the column of a field for a comparison. The planner uses no index for a column with a plus before it.
func (b *builder) operand(t *table, field string, a access) column {
	c := b.column(t, field)
	if !a.search {
		c.name = "+" + c.name
	}
	return c
}

// junction joins conditions. It nests them by halves, since SQLite limits the depth of expressions. In a conjunction,
// the selective conditions find the documents.
func (b *builder) junction(t *table, filters []store.Filter, sep, empty string, a access) {
	switch n := len(filters); n {
	case 0:
		b.write(empty)
	case 1:
		if sep == " AND " && !a.isSelective(b.store, t, filters[0]) {
			a.search = false
		}
		b.filter(t, filters[0], a)
	default:
		b.write("(")
		b.junction(t, filters[:n/2], sep, empty, a)
		b.write(sep)
		b.junction(t, filters[n/2:], sep, empty, a)
		b.write(")")
	}
}

// isNone reports whether a condition matches nothing. As one branch of an OR, it would keep SQLite from using an index
// for each branch.
func isNone(f store.Filter) bool {
	return f.Op == store.OpIn && len(f.Values) == 0 || f.Op == store.OpOr && len(f.Filters) == 0
}

func (b *builder) negation(condition func()) {
	b.write("((")
	condition()
	b.write(") IS NOT TRUE)")
}

func (b *builder) comparison(c column, f store.Filter) {
	switch f.Op {
	case store.OpEq:
		b.compare(c, "=", f.Value)
	case store.OpNe:
		b.compare(c, "IS NOT", f.Value)
	case store.OpGt:
		b.compare(c, ">", f.Value)
	case store.OpGte:
		b.compare(c, ">=", f.Value)
	case store.OpLt:
		b.compare(c, "<", f.Value)
	case store.OpLte:
		b.compare(c, "<=", f.Value)
	case store.OpStartsWith:
		b.prefix(c, b.searchText(c, f))
	default:
		b.fail(fmt.Errorf("unknown operator %d on field %s", f.Op, c.Name))
	}
}

// searchText returns the operand of a text search.
func (b *builder) searchText(c column, f store.Filter) string {
	text, ok := f.Value.(string)
	if !ok || c.Type != store.TypeString {
		b.fail(fmt.Errorf("field %s cannot be searched for a value of type %T", c.Name, f.Value))
	}
	return text
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

// in writes a membership test. Few values are listed, padded to a power of two with the last one to keep the number of
// distinct statements low; many values are passed as one JSON array. Texts and ids in it are hexadecimal, because
// JSON's own escapes end at a NUL.
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
	sep := " IN ("
	b.write(c.name)
	for i := range size {
		b.write(sep)
		b.value(c, values[min(i, len(values)-1)])
		sep = ", "
	}
	b.write(")")
}

// element decodes an element of such an array.
func element(t store.Type) string {
	switch t {
	case store.TypeID:
		return "unhex(value)"
	case store.TypeString:
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
		case store.ID:
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

// inQuery writes a membership test against the result of another query. To find documents, or if few documents of the
// other collection match, the subquery runs once; to check documents, the reference of each is followed.
func (b *builder) inQuery(t *table, f store.Filter, a access) {
	c, of := b.column(t, f.Field), b.store.table(f.Query.Collection)
	selected := b.column(of, f.Query.Select)
	if selected.Type != c.Type {
		b.fail(fmt.Errorf("fields %s and %s.%s have different types", c.Name, f.Query.Collection.Name, f.Query.Select))
	}
	if !a.search && of.name != t.name && b.store.follows(of, f.Query) {
		b.write("EXISTS (SELECT 1 FROM ", of.name, " WHERE ", selected.name, " = ", t.name, ".", c.name)
		if f.Query.Where.Op != store.OpAll {
			b.write(" AND ")
			b.filter(of, f.Query.Where, access{})
		}
		b.write(")")
		return
	}
	b.write(b.operand(t, f.Field, a).name, " IN (SELECT ", selected.name)
	b.from(of, "", store.Query{Where: f.Query.Where})
	b.write(")")
}

// follows reports whether checking a document by a lookup of its counterpart beats running the whole subquery: an index must
// lead to the counterpart, and the subquery's own condition must not find it sooner. If the index also has the field of that
// condition, and that names single values of it, the lookup leads straight to the entries that match, as to that of a ticket's tag.
func (s *Store) follows(of *table, q *store.Subquery) bool {
	if q.Select == "_id" {
		return true
	}
	selective := access{}.isSelective(s, of, q.Where)
	single := q.Where.Op == store.OpInQuery || q.Where.Op == store.OpEq
	return slices.ContainsFunc(of.collection.Indexes, func(index store.Index) bool {
		keys := index.Keys
		return keys[0].Field == q.Select && (!selective || single && len(keys) > 1 && keys[1].Field == q.Where.Field)
	})
}
