package document

import (
	"cmp"
	"math"

	"crm/db/store"
	"crm/graph/apierror"
)

// Limits bounds what a document may ask for. Each is checked before the work that it bounds is done, and what exceeds one
// is refused with QUERY_TOO_COMPLEX. A limit of zero stands for its default.
type Limits struct {
	// Tokens is the number of lexical tokens in the document.
	Tokens int
	// Depth is how deep selections nest, and how deep lists and objects nest in a value.
	Depth int
	// RootFields is the number of fields that one operation selects of Query or Mutation.
	RootFields int
	// Aliases is the number of aliases in one operation.
	Aliases int
	// Directives is the number of directives in one operation, @skip and @include for example.
	Directives int
	// Selections is the number of fields, spreads and inline fragments in the document, and of their arguments' values,
	// when each operation and fragment definition has the fragments that it spreads written out.
	Selections int
	// DuplicateFields is how often one operation may select the same field, or its alias, at the same place of the answer.
	DuplicateFields int
	// Complexity is an operation's cost: the number of fields that the answer has if every page is full.
	Complexity int
}

// WithDefaults returns the limits with the default in place of each zero. The defaults leave room for the introspection
// queries of the usual clients, and for nested pages of the default size.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Tokens: cmp.Or(l.Tokens, 5_000), Depth: cmp.Or(l.Depth, 20), RootFields: cmp.Or(l.RootFields, 50),
		Aliases: cmp.Or(l.Aliases, 200), Directives: cmp.Or(l.Directives, 100), Selections: cmp.Or(l.Selections, 10_000),
		DuplicateFields: cmp.Or(l.DuplicateFields, 50), Complexity: cmp.Or(l.Complexity, 100_000),
	}
}

// check refuses a value above its limit. subject says what has the value: "the operation's depth".
func check(subject string, value, limit int) *store.Error {
	switch {
	case value <= limit:
		return nil
	case value >= saturated:
		return store.Errorf(apierror.QueryTooComplex, "%s is more than %d; at most %d is allowed", subject, saturated-1, limit)
	}
	return store.Errorf(apierror.QueryTooComplex, "%s is %d; at most %d is allowed", subject, value, limit)
}

// saturated is what sums and products stop at, so that nested fragments and pages can't overflow them.
const saturated = math.MaxInt32

func add(a, b int) int { return min(a+b, saturated) }

func multiply(a, b int) int {
	if a != 0 && b > saturated/a {
		return saturated
	}
	return a * b
}
