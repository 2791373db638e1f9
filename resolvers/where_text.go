package resolvers

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"crm/db/store"
	"crm/db/textkey"
	"crm/graph"
)

// textKeys are the field of a text, and the field with the key by which it is compared.
type textKeys struct{ key, text string }

// textCondition converts a condition on a text, whose operator is OpEq, OpContains, OpStartsWith or OpIsNull, into one on its
// key; problem says why it can't be searched.
type textCondition func(key string, op store.Op, text string) (filter store.Filter, problem string)

// compareText converts the conditions on a text.
func compareText(
	c *conditions, path, name string, in graphql.Omittable[*graph.TextFilter], keys textKeys, convert textCondition,
) store.Filter {
	return condition(c, path, name, in, func(path string, cmp *graph.TextFilter) store.Filter {
		t := textComparison{conditions: c, path: path, keys: keys, convert: convert}
		if given(c, cmp.Exact, path+".exact", cmp.Exact.Value() == nil) {
			t.exact = *cmp.Exact.Value()
		}
		t.scalar("eq", store.OpEq, cmp.Eq)
		t.scalar("ne", store.OpNe, cmp.Ne)
		t.scalar("contains", store.OpContains, cmp.Contains)
		t.scalar("startsWith", store.OpStartsWith, cmp.StartsWith)
		t.list("in", cmp.In, func(f store.Filter) store.Filter { return f })
		t.list("notIn", cmp.NotIn, complement)
		if given(c, cmp.IsNull, path+".isNull", cmp.IsNull.Value() == nil) {
			missing, _ := convert(keys.key, store.OpIsNull, "")
			if !*cmp.IsNull.Value() {
				missing = store.Not(missing)
			}
			t.filters = append(t.filters, withPath(missing, path))
		}
		return store.And(t.filters...)
	})
}

// textComparison collects the conditions on one text.
type textComparison struct {
	*conditions
	path    string
	keys    textKeys
	convert textCondition
	// exact says that the text itself has to match, too, and not only its key, by which an index finds it.
	exact   bool
	filters []store.Filter
}

func (t *textComparison) scalar(name string, op store.Op, in graphql.Omittable[*string]) {
	path := t.path + "." + name
	if !given(t.conditions, in, path, in.Value() == nil) {
		return
	}
	isNe := op == store.OpNe
	if isNe {
		op = store.OpEq
	}
	filter := t.condition(path, op, *in.Value())
	if isNe {
		filter = complement(filter)
	}
	t.filters = append(t.filters, filter)
}

func (t *textComparison) list(name string, in graphql.Omittable[[]string], convert func(store.Filter) store.Filter) {
	path := t.path + "." + name
	if !given(t.conditions, in, path, in.Value() == nil) {
		return
	}
	if n := len(in.Value()); n > maxValues {
		t.problems.Add(path, "must have at most %d values, not %d", maxValues, n)
		return
	}
	found := make([]store.Filter, 0, len(in.Value()))
	for i, text := range in.Value() {
		found = append(found, t.condition(fmt.Sprintf("%s.%d", path, i), store.OpEq, text))
	}
	t.filters = append(t.filters, convert(anyOf(found, t.path)))
}

func (t *textComparison) condition(path string, op store.Op, text string) store.Filter {
	if n := utf8.RuneCountInString(text); op != store.OpEq && n > maxSearch {
		t.problems.Add(path, "must have at most %d characters, not %d", maxSearch, n)
		return store.None()
	}
	filter, problem := t.convert(t.keys.key, op, text)
	if problem != "" {
		t.problems.Add(path, "%s", problem)
	}
	if t.exact {
		filter = store.And(filter, store.Compare(op, t.keys.text, text))
	}
	return withPath(filter, t.path)
}

// withPath sets the path of a condition and of those in it.
func withPath(f store.Filter, path string) store.Filter {
	f.Path = path
	f.Filters = slices.Clone(f.Filters)
	for i, part := range f.Filters {
		f.Filters[i] = withPath(part, path)
	}
	return f
}

// anyOf matches what one of the conditions matches: if all compare the same field, by one membership test.
func anyOf(filters []store.Filter, path string) store.Filter {
	values := make([]any, len(filters))
	for i, f := range filters {
		if f.Op != store.OpEq || f.Field != filters[0].Field {
			return store.Or(filters...)
		}
		values[i] = f.Value
	}
	if len(filters) == 0 {
		return store.None()
	}
	return store.Filter{Op: store.OpIn, Field: filters[0].Field, Values: values, Path: path}
}

// tooFewDigits says how many digits a telephone number must have at least.
func tooFewDigits(least int) string {
	if least == 1 {
		return "must have a digit"
	}
	return fmt.Sprintf("must have at least %d digits", least)
}

// complement matches what a condition doesn't match.
func complement(f store.Filter) store.Filter {
	switch f.Op {
	case store.OpEq:
		f.Op = store.OpNe
	case store.OpIn:
		f.Op = store.OpNotIn
	default:
		return store.Not(f)
	}
	return f
}

// searched compares texts regardless of case and accents, by a key of the kind textkey.Searched.
func searched(key string, op store.Op, text string) (store.Filter, string) {
	switch op {
	case store.OpContains:
		part, length := textkey.Part(text)
		if length < store.MinSearch {
			return store.None(), fmt.Sprintf("must have at least %d characters, or 2 of Chinese, Japanese or Korean; startsWith accepts fewer", store.MinSearch)
		}
		return store.Compare(op, key, part), ""
	case store.OpStartsWith:
		return store.Compare(op, key, textkey.Prefix(text)), ""
	case store.OpIsNull:
		return store.IsNull(key), ""
	}
	return store.Compare(op, key, textkey.Search(text)), ""
}

// addressed compares e-mail addresses, by a unique key of the kind textkey.Folded. Without an address, there is still a key,
// which no address may match.
func addressed(key string, op store.Op, text string) (store.Filter, string) {
	address := textkey.Address(text)
	switch op {
	case store.OpIsNull:
		return store.NoKey(key), ""
	case store.OpEq:
		return store.Compare(op, key, address), ""
	case store.OpContains:
		if utf8.RuneCountInString(address) < store.MinSearch {
			return store.None(), fmt.Sprintf("must have at least %d characters; startsWith accepts fewer", store.MinSearch)
		}
	}
	return store.And(store.Compare(op, key, address), store.Not(store.NoKey(key))), ""
}

// dialled compares telephone numbers by their digits, by a key of the kind textkey.Digits, whose words are between spaces.
func dialled(key string, op store.Op, text string) (store.Filter, string) {
	const space = " "
	if op == store.OpIsNull {
		return store.IsNull(key), ""
	}
	sought := textkey.SoughtDigits(text)
	var before, after string
	least := store.MinSearch
	switch op {
	case store.OpEq:
		before, after, least = space, space, 1
	case store.OpStartsWith:
		before, least = space, store.MinSearch-1
	}
	if sought.Digits != "" && len(sought.Digits) < least {
		return store.None(), tooFewDigits(least)
	}
	var filters []store.Filter
	for _, word := range append(slices.Clone(sought.Words), sought.Digits) {
		if len(before+word+after) >= store.MinSearch && word != "" {
			filters = append(filters, store.Compare(store.OpContains, key, before+word+after))
		}
	}
	if len(filters) == 0 {
		return store.None(), tooFewDigits(least)
	}
	return store.And(filters...), ""
}
