package graph

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"crm/db"
	"crm/db/live"
)

// TicketMessageAdded is the change that a subscriber receives when a message is written on a ticket.
type TicketMessageAdded = live.Change[db.TicketMessage]

// DeliveryFailure is the change that a subscriber receives when sending a message is given up.
type DeliveryFailure = live.Change[db.Delivery]

// Comparison is a filter on one field. It has every operator; the schema says which of them a field supports.
type Comparison[T any] struct {
	Eq         graphql.Omittable[*T]
	Ne         graphql.Omittable[*T]
	In         graphql.Omittable[[]T]
	NotIn      graphql.Omittable[[]T]
	Gt         graphql.Omittable[*T]
	Gte        graphql.Omittable[*T]
	Lt         graphql.Omittable[*T]
	Lte        graphql.Omittable[*T]
	Contains   graphql.Omittable[*T]
	StartsWith graphql.Omittable[*T]
	IsNull     graphql.Omittable[*bool]
	// Exact makes a comparison of texts distinguish what it otherwise doesn't.
	Exact graphql.Omittable[*bool]
}

type (
	// IDFilter compares an id.
	IDFilter = Comparison[string]
	// TextFilter compares a text.
	TextFilter = Comparison[string]
	// IntFilter compares a whole number.
	IntFilter = Comparison[int]
	// DateTimeFilter compares a point in time.
	DateTimeFilter = Comparison[time.Time]
)
