package storetest

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"crm/db/store"
)

// model executes the contract on documents in memory, by collection name. An engine must give the same answers.
type model map[string][]store.Document

// value returns the document's value of that field, nil for null.
func value(c *store.Collection, doc store.Document, field string) any {
	i := slices.IndexFunc(c.Fields, func(f store.Field) bool { return f.Name == field })
	pointers := doc.Pointers(nil)
	if i >= len(pointers) {
		return nil
	}
	return store.ValueAt(pointers[i])
}

// compare orders two values of one type, neither of them null.
func compare(a, b any) int {
	switch a := a.(type) {
	case store.ID:
		b := b.(store.ID)
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
	panic("storetest: no such value type")
}

func (m model) matches(c *store.Collection, doc store.Document, f store.Filter) bool {
	sub := func(f store.Filter) bool { return m.matches(c, doc, f) }
	switch f.Op {
	case store.OpAll:
		return true
	case store.OpAnd:
		return !slices.ContainsFunc(f.Filters, func(f store.Filter) bool { return !sub(f) })
	case store.OpOr:
		return slices.ContainsFunc(f.Filters, sub)
	case store.OpNot:
		return !sub(f.Filters[0])
	case store.OpNe:
		return !sub(store.Eq(f.Field, f.Value))
	case store.OpNotIn:
		return !sub(store.In(f.Field, f.Values))
	}
	v := value(c, doc, f.Field)
	if f.Op == store.OpIsNull {
		return v == nil
	}
	return v != nil && m.compares(v, f)
}

// compares reports whether a value that isn't null satisfies the filter's comparison.
func (m model) compares(v any, f store.Filter) bool {
	switch f.Op {
	case store.OpEq:
		return compare(v, f.Value) == 0
	case store.OpGt:
		return compare(v, f.Value) > 0
	case store.OpGte:
		return compare(v, f.Value) >= 0
	case store.OpLt:
		return compare(v, f.Value) < 0
	case store.OpLte:
		return compare(v, f.Value) <= 0
	case store.OpContains:
		return strings.Contains(v.(string), f.Value.(string))
	case store.OpStartsWith:
		return strings.HasPrefix(v.(string), f.Value.(string))
	case store.OpIn:
		return slices.ContainsFunc(f.Values, func(x any) bool { return compare(v, x) == 0 })
	case store.OpInQuery:
		return slices.ContainsFunc(m[f.Query.Collection.Name], func(doc store.Document) bool {
			x := value(f.Query.Collection, doc, f.Query.Select)
			return x != nil && compare(v, x) == 0 && m.matches(f.Query.Collection, doc, f.Query.Where)
		})
	}
	panic("storetest: no such operator")
}

// find returns the ids of the documents that a query selects.
func (m model) find(c *store.Collection, q store.Query) []store.ID {
	var found []store.Document
	for _, doc := range m[c.Name] {
		if m.matches(c, doc, q.Where) && (q.After == nil || isAfter(c, doc, q)) {
			found = append(found, doc)
		}
	}
	slices.SortStableFunc(found, func(a, b store.Document) int {
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
	ids := make([]store.ID, len(found))
	for i, doc := range found {
		ids[i] = *doc.Pointers(nil)[0].(*store.ID)
	}
	return ids
}

// isAfter reports whether the document comes after the one that has the values of q.After.
func isAfter(c *store.Collection, doc store.Document, q store.Query) bool {
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
