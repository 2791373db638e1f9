// Package schemadiff finds changes of a GraphQL schema that break clients of an older version. It finds all changes that
// graphql-js' findBreakingChanges finds, and also changed defaults, changed types of directive arguments and added @oneOf.
package schemadiff

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Change is a change of a schema that may break a client.
type Change struct {
	// Coordinate is a schema coordinate as defined by the GraphQL specification: Customer.phone, Query.user(by:).
	Coordinate string
	// Message describes the change: "the field was removed".
	Message string
	// Sudden marks a removal that was not @deprecated in the older schema.
	Sudden bool
}

// String returns the coordinate and the message.
func (c Change) String() string { return c.Coordinate + ": " + c.Message }

// Breaking returns the changes that may break a client of the older schema, ordered by their coordinates.
func Breaking(older, newer *ast.Schema) []Change {
	c := comparison{older: older, newer: newer}
	c.types()
	c.directives()
	slices.SortFunc(c.changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Coordinate, b.Coordinate), cmp.Compare(a.Message, b.Message))
	})
	return c.changes
}

// comparison collects the changes between two schemas.
type comparison struct {
	older, newer *ast.Schema
	changes      []Change
}

func (c *comparison) add(coordinate, format string, args ...any) {
	c.changes = append(c.changes, Change{Coordinate: coordinate, Message: fmt.Sprintf(format, args...)})
}

// removed reports the removal of an element; its directives say whether it was deprecated.
func (c *comparison) removed(coordinate, what string, directives ast.DirectiveList) {
	c.changes = append(c.changes, Change{
		Coordinate: coordinate, Message: "the " + what + " was removed", Sudden: directives.ForName("deprecated") == nil,
	})
}

// missing returns the elements of the older list that are not in the newer.
func missing[T comparable](older, newer []T) []T {
	var found []T
	for _, one := range older {
		if !slices.Contains(newer, one) {
			found = append(found, one)
		}
	}
	return found
}
