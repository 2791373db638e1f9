package graph

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"crm/auth"
	"crm/db"
)

// Comparison is a filter on one field. It has every operator; which of them a field has, the schema says.
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
}

// IDFilter and the others are the filters of the schema.
type (
	IDFilter                = Comparison[string]
	TextFilter              = Comparison[string]
	DateTimeFilter          = Comparison[time.Time]
	RoleFilter              = Comparison[auth.Role]
	InteractionKindFilter   = Comparison[db.InteractionKind]
	InteractionStatusFilter = Comparison[db.InteractionStatus]
	TicketStatusFilter      = Comparison[db.TicketStatus]
	PriorityFilter          = Comparison[db.Priority]
)
