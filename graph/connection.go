package graph

import (
	"context"

	"crm/db/entity"
)

// Connection is a page of a list, as the Relay cursor connections specification has it. Only what a client selects of
// it is made.
type Connection[T any] struct {
	page  *entity.Page[T]
	count func(ctx context.Context) (int, error)
}

// NewConnection returns the connection of a page; count counts what is on all pages together.
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

// PageInfo says where the page lies.
func (c *Connection[T]) PageInfo() *PageInfo {
	info := &PageInfo{HasNextPage: c.page.HasNext, HasPreviousPage: c.page.HasPrevious}
	if n := len(c.page.Items); n > 0 {
		start, end := c.page.Cursor(c.page.Items[0]), c.page.Cursor(c.page.Items[n-1])
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info
}

// TotalCount counts what is on all pages together.
func (c *Connection[T]) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// Edge is an element of a page and its place in the list.
type Edge[T any] struct {
	Node *T
	page *entity.Page[T]
}

// Cursor returns the element's place in the list.
func (e *Edge[T]) Cursor() string { return e.page.Cursor(e.Node) }

// PageInfo says where a page lies.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Node is anything that has a global id.
type Node interface {
	GlobalID() string
}

// Viewer is who is logged in: a *db.User or a *db.Customer.
type Viewer interface {
	GlobalID() string
}
