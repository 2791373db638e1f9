package graph

import (
	"context"

	"crm/db"
)

// Connection is a page of a list, as the Relay cursor connections specification has it.
type Connection[T any] struct {
	Edges    []*Edge[T]
	Nodes    []*T
	PageInfo *PageInfo
	// Count counts what is on all pages together; it is called only if the client asks.
	Count func(ctx context.Context) (int, error)
}

// Edge is an element of a page and its place in the list.
type Edge[T any] struct {
	Cursor string
	Node   *T
}

// PageInfo says where a page lies.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// TotalCount counts what is on all pages together.
func (c *Connection[T]) TotalCount(ctx context.Context) (int, error) { return c.Count(ctx) }

// The connections of the schema, and their edges.
type (
	UserConnection        = Connection[db.User]
	UserEdge              = Edge[db.User]
	CustomerConnection    = Connection[db.Customer]
	CustomerEdge          = Edge[db.Customer]
	InteractionConnection = Connection[db.Interaction]
	InteractionEdge       = Edge[db.Interaction]
	TicketConnection      = Connection[db.Ticket]
	TicketEdge            = Edge[db.Ticket]
	DeliveryConnection    = Connection[db.Delivery]
	DeliveryEdge          = Edge[db.Delivery]
)

// Node is anything that has a global id.
type Node interface {
	GlobalID() string
}

// Viewer is who is logged in: a *db.User or a *db.Customer.
type Viewer interface {
	GlobalID() string
}
