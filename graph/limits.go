package graph

import (
	"cmp"

	"crm/graph/document"
	"crm/graph/transport"
)

// Limits bounds what one request may ask for. Each is checked before the work that it bounds is done, and what exceeds
// one is refused. A limit of zero stands for its default.
type Limits struct {
	// Document bounds what a document may ask for, and Transport what a request may be like.
	Document  document.Limits
	Transport transport.Limits
	// CostPerMinute is the complexity of all operations of one viewer in a minute, or from one address where nobody is logged in.
	CostPerMinute int
	// Answer is the size of an answer's data in bytes.
	Answer int
	// Errors is how many errors an answer shows at most.
	Errors int
}

// DefaultLimits returns limits that leave room for the introspection queries of the usual clients, and for nested pages
// of the default size, while no request keeps a processor busy for long.
func DefaultLimits() Limits { return Limits{}.withDefaults() }

// withDefaults returns the limits with the default in place of each zero.
func (l Limits) withDefaults() Limits {
	return Limits{
		Document: l.Document.WithDefaults(), Transport: l.Transport.WithDefaults(),
		CostPerMinute: cmp.Or(l.CostPerMinute, 1_000_000_000), Answer: cmp.Or(l.Answer, 8<<20), Errors: cmp.Or(l.Errors, 100),
	}
}
