package graph

import (
	"time"

	"crm/graph/document"
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
	// Document bounds what a document may ask for.
	Document document.Limits
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
		Body: 1 << 20, Time: 30 * time.Second, Values: 5_000, Document: document.Limits{}.WithDefaults(),
		CostPerMinute: 1_000_000_000, Answer: 8 << 20, Errors: 100, Streams: StreamLimits{}.withDefaults(),
	}
}

// withDefaults returns the limits with the default in place of each zero.
func (l Limits) withDefaults() Limits {
	defaults := DefaultLimits()
	l.Document, l.Streams = l.Document.WithDefaults(), l.Streams.withDefaults()
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
		{&l.Values, defaults.Values}, {&l.CostPerMinute, defaults.CostPerMinute}, {&l.Answer, defaults.Answer}, {&l.Errors, defaults.Errors},
	}
	for _, pair := range pairs {
		if *pair.limit == 0 {
			*pair.limit = pair.fallback
		}
	}
	return l
}
