package resolvers_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// fields are the values of a stored document by stored field.
type fields map[string]any

func (f fields) id() store.ID { return f["_id"].(store.ID) }

// seed writes a document directly, with keys and times that package db would not let a test choose.
func (s *server) seed(c *store.Collection, f fields) fields {
	s.t.Helper()
	f = withKeys(c, f)
	doc := seedling{}
	for _, field := range c.Fields {
		value := f[field.Name]
		if value == nil && !field.Nullable {
			value = field.Default
		}
		doc = append(doc, pointerTo(field, value))
	}
	s.insert(c, doc)
	return f
}

// withKeys adds the keys of the document's texts that it lacks.
func withKeys(c *store.Collection, f fields) fields {
	keys := textkey.Default()
	f = maps.Clone(f)
	for _, def := range db.Catalog().All() {
		for _, key := range def.KeyFields {
			text, ok := f[key.Of].(string)
			if def.Collection != c || !ok || f[key.Name] != nil {
				continue
			}
			switch key.Kind {
			case textkey.Folded:
				f[key.Name] = textkey.Fold(text)
			case textkey.Searched:
				f[key.Name] = textkey.Search(text)
			case textkey.Ordered:
				f[key.Name] = keys.Order(text)
			case textkey.Digits:
				f[key.Name] = keys.Digits(text)
			}
		}
	}
	return f
}

// seedling is a document given by pointers to its fields.
type seedling []any

func (s seedling) Pointers(into []any) []any { return append(into, s...) }

func pointerTo(field store.Field, value any) any {
	switch field.Type {
	case store.TypeID:
		return pointer[store.ID](field.Nullable, value)
	case store.TypeTime:
		return pointer[time.Time](field.Nullable, value)
	case store.TypeInt:
		return pointer[int](field.Nullable, value)
	case store.TypeBool:
		return pointer[bool](field.Nullable, value)
	default:
		return pointer[string](field.Nullable, value)
	}
}

func pointer[T any](nullable bool, value any) any {
	v, given := value.(T)
	switch {
	case !nullable:
		return &v
	case !given:
		return new(*T)
	}
	p := &v
	return &p
}

// day returns the start of a day.
func day(n int) time.Time { return time.Date(2030, 1, n, 0, 0, 0, 0, time.UTC) }

// listing is a list as a client queries it, and its expected elements.
type listing struct {
	name, token string
	// open and close surround the list's field in a query, and path leads to it in the response.
	open, field, close, path string
	kind                     entity.Kind
	order                    []orderKey
	docs                     []fields
}

type orderKey struct {
	name, field string
	desc        bool
}

func (l listing) orderBy() string {
	keys := make([]string, len(l.order))
	for i, key := range l.order {
		keys[i] = "{field: " + key.name
		if key.desc {
			keys[i] += ", direction: DESC"
		}
		keys[i] += "}"
	}
	return "orderBy: [" + strings.Join(keys, ", ") + "]"
}

// want returns the ids in the list's order: ties are sorted by id in the last key's direction, and ties of a priority first
// by age.
func (l listing) want() []string {
	order := slices.Clone(l.order)
	if len(order) == 1 && order[0].name == "PRIORITY" {
		order = append(order, orderKey{field: "created_at", desc: order[0].desc})
	}
	order = append(order, orderKey{field: "_id", desc: order[len(order)-1].desc})
	docs := slices.SortedFunc(slices.Values(l.docs), func(a, b fields) int {
		for _, key := range order {
			if c := compareValues(a[key.field], b[key.field]); c != 0 && key.desc {
				return -c
			} else if c != 0 {
				return c
			}
		}
		return 0
	})
	ids := make([]string, len(docs))
	for i, doc := range docs {
		ids[i] = l.kind.GlobalID(doc.id())
	}
	return ids
}

func compareValues(a, b any) int {
	switch a := a.(type) {
	case string:
		return cmp.Compare(a, b.(string))
	case int:
		return cmp.Compare(a, b.(int))
	case time.Time:
		return a.Compare(b.(time.Time))
	case store.ID:
		other := b.(store.ID)
		return bytes.Compare(a[:], other[:])
	}
	panic(fmt.Sprintf("there is no order of %T", a))
}

// pageOf is a page as clients see it.
type pageOf struct {
	ids, cursors         []string
	hasNext, hasPrevious bool
}

func (s *server) page(l listing, pageArgs variables) pageOf {
	s.t.Helper()
	a := s.must(l.token, "query($first: Int, $after: String, $last: Int, $before: String) { "+l.open+l.field+
		"(first: $first, after: $after, last: $last, before: $before, "+l.orderBy()+`) {
			edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`+l.close+" }", pageArgs)
	info := a.at(l.path + ".pageInfo").(map[string]any)
	p := pageOf{hasNext: info["hasNextPage"].(bool), hasPrevious: info["hasPreviousPage"].(bool)}
	edges := a.at(l.path + ".edges").([]any)
	for i := range edges {
		p.ids = append(p.ids, a.text(fmt.Sprintf("%s.edges.%d.node.id", l.path, i)))
		p.cursors = append(p.cursors, a.text(fmt.Sprintf("%s.edges.%d.cursor", l.path, i)))
		if a.text(fmt.Sprintf("%s.nodes.%d.id", l.path, i)) != p.ids[i] {
			s.t.Errorf("nodes and edges differ: %s", a.raw)
		}
	}
	var first, last any
	if len(edges) > 0 {
		first, last = p.cursors[0], p.cursors[len(edges)-1]
	}
	if info["startCursor"] != first || info["endCursor"] != last {
		s.t.Errorf("startCursor and endCursor aren't those of the edges: %s", a.raw)
	}
	return p
}

// walk reads a list in pages of n, from its start or its end, and returns it in order. It checks hasNextPage and
// hasPreviousPage of the pages.
func (s *server) walk(l listing, n int, backward bool) []string {
	s.t.Helper()
	var ids []string
	pageArgs := variables{"first": n}
	if backward {
		pageArgs = variables{"last": n}
	}
	for range 100 {
		p := s.page(l, pageArgs)
		more, behind := p.hasNext, p.hasPrevious
		if backward {
			ids, more, behind = append(p.ids, ids...), p.hasPrevious, p.hasNext
			pageArgs["before"] = first(p.cursors)
		} else {
			ids = append(ids, p.ids...)
			pageArgs["after"] = last(p.cursors)
		}
		if began := len(ids) == len(p.ids); behind == began {
			s.t.Errorf("page with %v after %d: hasNextPage %t, hasPreviousPage %t", pageArgs, len(ids), p.hasNext, p.hasPrevious)
		}
		if !more {
			return ids
		}
	}
	s.t.Fatalf("pages of %d never end", n)
	return nil
}

func first(texts []string) any {
	if len(texts) == 0 {
		return nil
	}
	return texts[0]
}

func last(texts []string) any {
	if len(texts) == 0 {
		return nil
	}
	return texts[len(texts)-1]
}

// TestPages checks that reading a list in pages of any size and in both directions returns each element once, in the same
// order.
func TestPages(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		for _, l := range s.listings() {
			t.Run(l.name, func(t *testing.T) {
				s, want := s.in(t), l.want()
				if whole := s.page(l, variables{"first": 100}); !slices.Equal(whole.ids, want) || whole.hasNext || whole.hasPrevious {
					t.Fatalf("the whole list is\n%q, want\n%q", whole.ids, want)
				}
				for _, n := range []int{1, 2, 3, 7, len(want)} {
					for _, backward := range []bool{false, true} {
						if got := s.walk(l, n, backward); !slices.Equal(got, want) {
							t.Errorf("in pages of %d, backwards: %t, the list is\n%q, want\n%q", n, backward, got, want)
						}
					}
				}
			})
		}
	})
}
