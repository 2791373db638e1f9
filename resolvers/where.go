package resolvers

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// The limits of a filter.
const (
	maxConditions = 100
	maxValues     = 100
	maxDepth      = 8
	// maxSearch is the maximum length of a searched text, which is longer than any searched field of a new document.
	maxSearch = 1_000
)

// conditions converts a where input into a store.Filter and collects all its problems. It refuses an explicit null wherever
// that could silently match everything.
type conditions struct {
	problems store.Problems
	// n counts what clients see as conditions: comparisons, those on other documents, and what is empty. The field that is compared, and the and, or
	// and not around conditions, don't count besides these.
	n int
}

// around counts what holds other conditions if these turn out to be none.
func (c *conditions) around(convert func() store.Filter) store.Filter {
	before := c.n
	filter := convert()
	if c.n == before {
		c.n++
	}
	return filter
}

// filterOf converts a whole where argument.
func filterOf[W any](where *W, convert func(c *conditions, path string, depth int, where *W) store.Filter) (store.Filter, error) {
	filter, problems := filterAt("where", where, convert)
	return filter, problems.Err()
}

// filterAt converts a whole where input at a path.
func filterAt[W any](
	path string, where *W, convert func(c *conditions, path string, depth int, where *W) store.Filter,
) (store.Filter, store.Problems) {
	if where == nil {
		return store.Filter{}, nil
	}
	c := &conditions{}
	filter := convert(c, path, 1, where)
	if c.n > maxConditions {
		c.problems = store.Problems{{Path: path, Message: fmt.Sprintf("must have at most %d conditions, not %d", maxConditions, c.n)}}
	}
	return filter, c.problems
}

// logic converts the and, or and not of a where input.
func logic[W any](
	c *conditions, path string, depth int, and, or graphql.Omittable[[]*W], not graphql.Omittable[*W],
	convert func(c *conditions, path string, depth int, where *W) store.Filter,
) store.Filter {
	if depth > maxDepth {
		c.problems.Add(path, "must be nested at most %d deep", maxDepth)
		return store.None()
	}
	var filters []store.Filter
	if holds(c, and, path+".and", and.Value() == nil) {
		filters = append(filters, c.around(func() store.Filter { return store.And(convertAll(c, path+".and", depth, and.Value(), convert)...) }))
	}
	if holds(c, or, path+".or", or.Value() == nil) {
		filters = append(filters, c.around(func() store.Filter { return store.Or(convertAll(c, path+".or", depth, or.Value(), convert)...) }))
	}
	if holds(c, not, path+".not", not.Value() == nil) {
		filters = append(filters, c.around(func() store.Filter { return store.Not(convert(c, path+".not", depth+1, not.Value())) }))
	}
	return store.And(filters...)
}

func convertAll[W any](
	c *conditions, path string, depth int, wheres []*W,
	convert func(c *conditions, path string, depth int, where *W) store.Filter,
) []store.Filter {
	filters := make([]store.Filter, 0, len(wheres))
	for i, where := range wheres {
		filters = append(filters, c.around(func() store.Filter { return convert(c, fmt.Sprintf("%s.%d", path, i), depth+1, where) }))
	}
	return filters
}

// given is holds for a condition that counts itself.
func given[T any](c *conditions, in graphql.Omittable[T], path string, null bool) bool {
	holding := holds(c, in, path, null)
	if holding {
		c.n++
	}
	return holding
}

// holds reports whether an input was given; it adds a problem for an explicit null.
func holds[T any](c *conditions, in graphql.Omittable[T], path string, null bool) bool {
	if !in.IsSet() {
		return false
	}
	if null {
		c.problems.Add(path, "must not be null; leave it out")
		return false
	}
	return true
}

// condition converts what the input field name of the where input at path holds, if it is given.
func condition[F any](
	c *conditions, path, name string, in graphql.Omittable[*F], convert func(path string, in *F) store.Filter,
) store.Filter {
	if !in.IsSet() {
		return store.Filter{}
	}
	path += "." + name
	if !holds(c, in, path, in.Value() == nil) {
		return store.Filter{}
	}
	return c.around(func() store.Filter { return convert(path, in.Value()) })
}

// related converts the conditions on a referenced document.
func related[W any](
	c *conditions, path, name string, depth int, in graphql.Omittable[*W], field string, target *entity.Definition,
	convert func(c *conditions, path string, depth int, where *W) store.Filter,
) store.Filter {
	return condition(c, path, name, in, func(path string, where *W) store.Filter {
		c.n++ // it takes a search of its own
		return store.InQuery(field, target.Collection, "_id", convert(c, path, depth+1, where))
	})
}

// someAndNone converts the conditions that some and none of the child documents match whose field reference refers to the
// filtered document.
func someAndNone[W any](
	c *conditions, path string, depth int, some, none graphql.Omittable[*W], child *entity.Definition, reference string,
	convert func(c *conditions, path string, depth int, where *W) store.Filter,
) store.Filter {
	var filters []store.Filter
	if given(c, some, path+".some", some.Value() == nil) {
		filters = append(filters, store.InQuery("_id", child.Collection, reference, convert(c, path+".some", depth+1, some.Value())))
	}
	if given(c, none, path+".none", none.Value() == nil) {
		filters = append(filters, store.Not(store.InQuery("_id", child.Collection, reference, convert(c, path+".none", depth+1, none.Value()))))
	}
	return store.And(filters...)
}

// through converts conditions on documents into conditions on the links that lead to them, whose field link holds their ids.
func through[W any](
	link string, target *entity.Definition, convert func(c *conditions, path string, depth int, where *W) store.Filter,
) func(c *conditions, path string, depth int, where *W) store.Filter {
	return func(c *conditions, path string, depth int, where *W) store.Filter {
		return store.InQuery(link, target.Collection, "_id", convert(c, path, depth, where))
	}
}

// compare converts the conditions on one field; value converts an input value into a stored one.
func compare[T any](
	c *conditions, path, name, field string, in graphql.Omittable[*graph.Comparison[T]], value func(T) (any, error),
) store.Filter {
	return condition(c, path, name, in, func(path string, cmp *graph.Comparison[T]) store.Filter {
		f := comparison[T]{conditions: c, path: path, field: field, value: value}
		f.scalar("eq", store.OpEq, cmp.Eq)
		f.scalar("ne", store.OpNe, cmp.Ne)
		f.scalar("gt", store.OpGt, cmp.Gt)
		f.scalar("gte", store.OpGte, cmp.Gte)
		f.scalar("lt", store.OpLt, cmp.Lt)
		f.scalar("lte", store.OpLte, cmp.Lte)
		f.scalar("contains", store.OpContains, cmp.Contains)
		f.scalar("startsWith", store.OpStartsWith, cmp.StartsWith)
		f.list("in", store.OpIn, cmp.In)
		f.list("notIn", store.OpNotIn, cmp.NotIn)
		if given(c, cmp.IsNull, path+".isNull", cmp.IsNull.Value() == nil) {
			f.filters = append(f.filters, nullness(path, field, *cmp.IsNull.Value()))
		}
		return store.And(f.filters...)
	})
}

func nullness(path, field string, null bool) store.Filter {
	filter := store.Filter{Op: store.OpIsNull, Field: field, Path: path}
	if null {
		return filter
	}
	return store.Not(filter)
}

// nullCondition converts a condition that is true where a stored field is null.
func nullCondition(c *conditions, path, name, field string, in graphql.Omittable[*bool]) store.Filter {
	path += "." + name
	if !given(c, in, path, in.Value() == nil) {
		return store.Filter{}
	}
	return nullness(path, field, *in.Value())
}

// boolean converts a condition on a Boolean field. In a document that lacks the field, it is false.
func boolean(c *conditions, path, name, field string, in graphql.Omittable[*bool]) store.Filter {
	path += "." + name
	if !given(c, in, path, in.Value() == nil) {
		return store.Filter{}
	}
	if !*in.Value() {
		return store.Filter{Op: store.OpNe, Field: field, Value: true, Path: path}
	}
	return store.Filter{Op: store.OpEq, Field: field, Value: true, Path: path}
}

// comparison collects the conditions on one field.
type comparison[T any] struct {
	*conditions
	path, field string
	value       func(T) (any, error)
	filters     []store.Filter
}

func (f *comparison[T]) scalar(name string, op store.Op, in graphql.Omittable[*T]) {
	if !in.IsSet() {
		return
	}
	path := f.path + "." + name
	if !given(f.conditions, in, path, in.Value() == nil) {
		return
	}
	value, err := f.value(*in.Value())
	if err != nil {
		f.problems.Add(path, "%s", err.Error())
		return
	}
	if text, ok := value.(string); ok && !f.searchable(path, op, utf8.RuneCountInString(text)) {
		return
	}
	f.filters = append(f.filters, store.Filter{Op: op, Field: f.field, Value: value, Path: f.path})
}

// searchable adds a problem if a text of this length can't be searched.
func (f *comparison[T]) searchable(path string, op store.Op, length int) bool {
	switch {
	case op == store.OpContains && length < store.MinSearch:
		f.problems.Add(path, "must have at least %d characters; startsWith accepts fewer", store.MinSearch)
	case (op == store.OpContains || op == store.OpStartsWith) && length > maxSearch:
		f.problems.Add(path, "must have at most %d characters, not %d", maxSearch, length)
	default:
		return true
	}
	return false
}

func (f *comparison[T]) list(name string, op store.Op, in graphql.Omittable[[]T]) {
	if !in.IsSet() {
		return
	}
	path := f.path + "." + name
	if !given(f.conditions, in, path, in.Value() == nil) {
		return
	}
	if n := len(in.Value()); n > maxValues {
		f.problems.Add(path, "must have at most %d values, not %d", maxValues, n)
		return
	}
	values := make([]any, 0, len(in.Value()))
	for i, item := range in.Value() {
		value, err := f.value(item)
		if err != nil {
			f.problems.Add(fmt.Sprintf("%s.%d", path, i), "%s", err.Error())
			continue
		}
		values = append(values, value)
	}
	f.filters = append(f.filters, store.Filter{Op: op, Field: f.field, Values: values, Path: f.path})
}

// The conversions of input values into stored values.

func plain(text string) (any, error) { return text, nil }

func moment(t time.Time) (any, error) { return t.UTC(), nil }

func idOf(kind entity.Kind) func(string) (any, error) {
	return func(text string) (any, error) { return db.ParseID(kind, text) }
}

func stored[T ~string](value T) (any, error) { return string(value), nil }

func number[T ~int](value T) (any, error) { return int(value), nil }
