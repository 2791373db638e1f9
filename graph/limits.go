package graph

import (
	"cmp"
	"slices"

	"crm/config"
	"crm/graph/document"
	"crm/graph/transport"
)

// Limits bounds what one request may ask for. Each is checked before the work that it bounds, and a request that exceeds
// one is refused. Zero means the default.
type Limits struct {
	// Document bounds documents, and Transport bounds requests.
	Document  document.Limits
	Transport transport.Limits
	// CostPerMinute is the complexity of all operations of one viewer per minute, or of one address for anonymous requests.
	CostPerMinute int
	// Answer is the size of a response's data in bytes.
	Answer int
	// Errors is the maximum number of errors that a response shows.
	Errors int
}

// DefaultLimits returns limits that allow the introspection queries of the usual clients and nested pages of the default
// size, but keep a request from occupying a processor for long.
func DefaultLimits() Limits { return Limits{}.withDefaults() }

// withDefaults replaces each zero with the default.
func (l Limits) withDefaults() Limits {
	return Limits{
		Document: l.Document.WithDefaults(), Transport: l.Transport.WithDefaults(),
		CostPerMinute: cmp.Or(l.CostPerMinute, 1_000_000_000), Answer: cmp.Or(l.Answer, 8<<20), Errors: cmp.Or(l.Errors, 100),
	}
}

// Settings declares the variables that set the limits.
func (l *Limits) Settings() []config.Setting {
	return slices.Concat(l.Transport.Settings(), l.Document.Settings(), []config.Setting{
		config.Limit("LIMIT_COST_PER_MINUTE", &l.CostPerMinute,
			"cost of all operations of one viewer, or of one address for anonymous requests"),
		config.Limit("LIMIT_ANSWER_BYTES", &l.Answer, "size of a response's data"),
		config.Limit("LIMIT_ERRORS", &l.Errors, "errors shown in a response"),
	})
}
