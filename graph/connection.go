package graph

import (
	"context"

	"crm/db/entity"
)

// Connection is a page of a list, as defined by the Relay cursor connections specification. Its parts are computed only
// if a client selects them.
type Connection[T any] struct {
	page  *entity.Page[T]
	count func(ctx context.Context) (int, error)
}

// NewConnection returns the connection of a page; count counts the elements on all pages.
func NewConnection[T any](page *entity.Page[T], count func(ctx context.Context) (int, error)) *Connection[T] {
	return &Connection[T]{page: page, count: count}
}

// Nodes returns the page's elements.
func (c *Connection[T]) Nodes() []*T {
	if c.page.Items == nil {
		return []*T{}
	}
	return c.page.Items
}

// Edges returns the page's elements, each with its cursor.
func (c *Connection[T]) Edges() []*Edge[T] {
	edges := make([]*Edge[T], len(c.page.Items))
	for i, item := range c.page.Items {
		edges[i] = &Edge[T]{Node: item, page: c.page}
	}
	return edges
}

// PageInfo returns the position of the page.
func (c *Connection[T]) PageInfo() *PageInfo {
	info := &PageInfo{HasNextPage: c.page.HasNext, HasPreviousPage: c.page.HasPrevious}
	if n := len(c.page.Items); n > 0 {
		start, end := c.page.Cursor(c.page.Items[0]), c.page.Cursor(c.page.Items[n-1])
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info
}

// TotalCount counts the elements on all pages.
func (c *Connection[T]) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// Edge is an element of a page with its cursor.
type Edge[T any] struct {
	Node *T
	page *entity.Page[T]
}

// Cursor returns the element's cursor.
func (e *Edge[T]) Cursor() string { return e.page.Cursor(e.Node) }

// PageInfo is the position of a page in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Node is an object with a global id.
type Node interface {
	GlobalID() string
}

// Viewer is the account that is logged in: a *db.User or a *db.Customer.
type Viewer interface {
	GlobalID() string
}

// MessageAuthor is who wrote a message: a *db.User, a *db.Customer or a *db.ExternalAddress.
type MessageAuthor interface {
	GlobalID() string
}
