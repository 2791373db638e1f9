// Package schemadiff finds what in a GraphQL schema breaks the clients of an older version of it. It finds what
// graphql-js' findBreakingChanges does, and besides that changed defaults, changed types of directives' arguments and
// added @oneOf.
package schemadiff

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Change is a change of a schema that may break a client.
type Change struct {
	// Coordinate says where it is, in the form that the GraphQL specification gives: Customer.phone, Query.user(by:).
	Coordinate string
	// Message says what it is: "the field is gone".
	Message string
	// Sudden marks what is gone without having been @deprecated in the older schema.
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

// gone adds that something is gone which could have been deprecated, as these directives say whether it was.
func (c *comparison) gone(coordinate, what string, directives ast.DirectiveList) {
	c.changes = append(c.changes, Change{
		Coordinate: coordinate, Message: "the " + what + " is gone", Sudden: directives.ForName("deprecated") == nil,
	})
}

// missing returns what is in the older list and not in the newer.
func missing[T comparable](older, newer []T) []T {
	var found []T
	for _, one := range older {
		if !slices.Contains(newer, one) {
			found = append(found, one)
		}
	}
	return found
}
