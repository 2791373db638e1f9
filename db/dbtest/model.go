package dbtest

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"crm/db"
)

// model says what an engine should answer: the contract, executed on documents in memory, by collection name.
type model map[string][]db.Document

// value returns what the document holds in that field, nil for null.
func value(c *db.Collection, doc db.Document, field string) any {
	i := slices.IndexFunc(c.Fields, func(f db.Field) bool { return f.Name == field })
	pointers := doc.Pointers(nil)
	if i >= len(pointers) {
		return nil
	}
	switch p := pointers[i].(type) {
	case *db.ID:
		return *p
	case *string:
		return *p
	case *time.Time:
		return *p
	case *int:
		return *p
	case *bool:
		return *p
	case **db.ID:
		return deref(*p)
	case **string:
		return deref(*p)
	case **time.Time:
		return deref(*p)
	case **int:
		return deref(*p)
	case **bool:
		return deref(*p)
	}
	panic("dbtest: no such pointer type")
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// compare orders two values of one type, none of them null.
func compare(a, b any) int {
	switch a := a.(type) {
	case db.ID:
		b := b.(db.ID)
		return bytes.Compare(a[:], b[:])
	case string:
		return strings.Compare(a, b.(string))
	case time.Time:
		return cmp.Compare(a.UnixMilli(), b.(time.Time).UnixMilli())
	case int:
		return cmp.Compare(a, b.(int))
	case bool:
		if a == b.(bool) {
			return 0
		} else if a {
			return 1
		}
		return -1
	}
	panic("dbtest: no such value type")
}

func (m model) matches(c *db.Collection, doc db.Document, f db.Filter) bool {
	sub := func(f db.Filter) bool { return m.matches(c, doc, f) }
	switch f.Op {
	case db.OpAll:
		return true
	case db.OpAnd:
		return !slices.ContainsFunc(f.Filters, func(f db.Filter) bool { return !sub(f) })
	case db.OpOr:
		return slices.ContainsFunc(f.Filters, sub)
	case db.OpNot:
		return !sub(f.Filters[0])
	case db.OpNe:
		return !sub(db.Eq(f.Field, f.Value))
	case db.OpNotIn:
		return !sub(db.In(f.Field, f.Values))
	}
	v := value(c, doc, f.Field)
	if f.Op == db.OpIsNull {
		return v == nil
	}
	return v != nil && m.compares(v, f)
}

// compares says whether a value that is not null stands to the filter's as its operator says.
func (m model) compares(v any, f db.Filter) bool {
	switch f.Op {
	case db.OpEq:
		return compare(v, f.Value) == 0
	case db.OpGt:
		return compare(v, f.Value) > 0
	case db.OpGte:
		return compare(v, f.Value) >= 0
	case db.OpLt:
		return compare(v, f.Value) < 0
	case db.OpLte:
		return compare(v, f.Value) <= 0
	case db.OpContains:
		return strings.Contains(v.(string), f.Value.(string))
	case db.OpStartsWith:
		return strings.HasPrefix(v.(string), f.Value.(string))
	case db.OpIn:
		return slices.ContainsFunc(f.Values, func(x any) bool { return compare(v, x) == 0 })
	case db.OpInQuery:
		return slices.ContainsFunc(m[f.Query.Collection.Name], func(doc db.Document) bool {
			x := value(f.Query.Collection, doc, f.Query.Select)
			return x != nil && compare(v, x) == 0 && m.matches(f.Query.Collection, doc, f.Query.Where)
		})
	}
	panic("dbtest: no such operator")
}

// find answers a query.
func (m model) find(c *db.Collection, q db.Query) []db.ID {
	var found []db.Document
	for _, doc := range m[c.Name] {
		if m.matches(c, doc, q.Where) && (q.After == nil || behind(c, doc, q)) {
			found = append(found, doc)
		}
	}
	slices.SortStableFunc(found, func(a, b db.Document) int {
		for _, key := range q.Sort {
			if n := compare(value(c, a, key.Field), value(c, b, key.Field)); n != 0 {
				return directed(n, key.Desc)
			}
		}
		return 0
	})
	if q.Limit > 0 && len(found) > q.Limit {
		found = found[:q.Limit]
	}
	ids := make([]db.ID, len(found))
	for i, doc := range found {
		ids[i] = *doc.Pointers(nil)[0].(*db.ID)
	}
	return ids
}

// behind says whether the document comes after the one that has the values of q.After.
func behind(c *db.Collection, doc db.Document, q db.Query) bool {
	for i, key := range q.Sort {
		if n := compare(value(c, doc, key.Field), q.After[i]); n != 0 {
			return directed(n, key.Desc) > 0
		}
	}
	return false
}

func directed(n int, desc bool) int {
	if desc {
		return -n
	}
	return n
}
