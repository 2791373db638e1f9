package graph

import (
	"math"
	"time"

	"crm/db/store"
	"crm/graph/apierror"
)

// Limits bounds what one request may ask for. Each is checked before the work that it bounds is done, and what exceeds
// one is refused with QUERY_TOO_COMPLEX. A limit of zero stands for its default.
type Limits struct {
	// Body is the size of a request's body in bytes.
	Body int64
	// Values is the number of JSON values in a request's body, or in a GET's variables and extensions, those inside
	// others too.
	Values int
	// Time is how long an operation may run.
	Time time.Duration
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
	// Repeats is how often one operation may select the same field, or its alias, at the same place of the answer.
	Repeats int
	// Complexity is an operation's cost: the number of fields that the answer has if every page is full.
	Complexity int
	// CostPerMinute is the complexity of all operations of one viewer in a minute; of nobody's, those from one address.
	CostPerMinute int
	// Answer is the size of an answer's data in bytes.
	Answer int
	// Errors is how many errors an answer shows at most.
	Errors int
	// Streams bounds sockets and event streams.
	Streams StreamLimits
}

// DefaultLimits returns limits that leave room for the introspection queries of the usual clients, and for nested pages
// of the default size, while no request keeps a processor busy for long.
func DefaultLimits() Limits {
	return Limits{
		Body: 1 << 20, Time: 30 * time.Second, Values: 5_000, Tokens: 5_000, Depth: 20, RootFields: 50, Aliases: 200, Directives: 100,
		Selections: 10_000, Repeats: 50, Complexity: 100_000, CostPerMinute: 1_000_000_000, Answer: 8 << 20, Errors: 100,
		Streams: StreamLimits{}.withDefaults(),
	}
}

// withDefaults returns the limits with the default in place of each zero.
func (l Limits) withDefaults() Limits {
	defaults := DefaultLimits()
	l.Streams = l.Streams.withDefaults()
	if l.Body == 0 {
		l.Body = defaults.Body
	}
	if l.Time == 0 {
		l.Time = defaults.Time
	}
	pairs := []struct {
		limit    *int
		fallback int
	}{
		{&l.Values, defaults.Values}, {&l.Tokens, defaults.Tokens}, {&l.Depth, defaults.Depth}, {&l.RootFields, defaults.RootFields},
		{&l.Aliases, defaults.Aliases}, {&l.Directives, defaults.Directives}, {&l.Selections, defaults.Selections},
		{&l.Repeats, defaults.Repeats}, {&l.Complexity, defaults.Complexity}, {&l.CostPerMinute, defaults.CostPerMinute},
		{&l.Answer, defaults.Answer}, {&l.Errors, defaults.Errors},
	}
	for _, pair := range pairs {
		if *pair.limit == 0 {
			*pair.limit = pair.fallback
		}
	}
	return l
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
