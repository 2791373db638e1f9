package document

import (
	"cmp"
	"math"

	"crm/config"
	"crm/db/store"
	"crm/graph/apierror"
)

// Limits bounds what a document may ask for. Each is checked before the work that it bounds, and a document that exceeds
// one is refused with QUERY_TOO_COMPLEX. Zero means the default.
type Limits struct {
	// Tokens is the number of lexical tokens in the document.
	Tokens int
	// Depth is how deep selections nest, and how deep lists and objects nest in a value.
	Depth int
	// RootFields is the number of fields of Query or Mutation that one operation selects.
	RootFields int
	// Aliases is the number of aliases in one operation.
	Aliases int
	// Directives is the number of directives in one operation, @skip and @include for example.
	Directives int
	// Selections is the number of fields, spreads, inline fragments and argument values in the document, with all fragment
	// spreads expanded.
	Selections int
	// DuplicateFields is how often one operation may select the same field, or its alias, in the same place of the response.
	DuplicateFields int
	// Complexity is an operation's cost: the number of fields in the response if every page is full.
	Complexity int
}

// WithDefaults replaces each zero with the default. The defaults leave room for the introspection
// queries of the usual clients, and for nested pages of the default size.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Tokens: cmp.Or(l.Tokens, 5_000), Depth: cmp.Or(l.Depth, 20), RootFields: cmp.Or(l.RootFields, 50),
		Aliases: cmp.Or(l.Aliases, 200), Directives: cmp.Or(l.Directives, 100), Selections: cmp.Or(l.Selections, 10_000),
		DuplicateFields: cmp.Or(l.DuplicateFields, 50), Complexity: cmp.Or(l.Complexity, 100_000),
	}
}

// Settings declares the variables that set the limits.
func (l *Limits) Settings() []config.Setting {
	return []config.Setting{
		config.Limit("LIMIT_TOKENS", &l.Tokens, "tokens of the document"),
		config.Limit("LIMIT_DEPTH", &l.Depth, "nesting of fields, and of values"),
		config.Limit("LIMIT_ROOT_FIELDS", &l.RootFields, "fields of `Query` or `Mutation` in an operation"),
		config.Limit("LIMIT_ALIASES", &l.Aliases, "aliases in an operation"),
		config.Limit("LIMIT_DIRECTIVES", &l.Directives, "directives in an operation"),
		config.Limit("LIMIT_SELECTIONS", &l.Selections, "fields, fragments and values, with fragments expanded"),
		config.Limit("LIMIT_REPEATS", &l.DuplicateFields, "how often one field may be selected in one place"),
		config.Limit("LIMIT_COMPLEXITY", &l.Complexity,
			"cost of an operation: the number of fields in its response if every page is full (`extensions.cost`)"),
	}
}

// check returns an error if a value is above its limit. subject names the value: "the operation's depth".
func check(subject string, value, limit int) *store.Error {
	switch {
	case value <= limit:
		return nil
	case value >= saturated:
		return store.Errorf(apierror.QueryTooComplex, "%s is more than %d; at most %d is allowed", subject, saturated-1, limit)
	}
	return store.Errorf(apierror.QueryTooComplex, "%s is %d; at most %d is allowed", subject, value, limit)
}

// saturated is the upper bound of sums and products, which keeps nested fragments and pages from overflowing them.
const saturated = math.MaxInt32

func add(a, b int) int { return min(a+b, saturated) }

func multiply(a, b int) int {
	if a != 0 && b > saturated/a {
		return saturated
	}
	return a * b
}
