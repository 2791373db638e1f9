package resolvers_test

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// namedFragment is a finished fragment, which may be spread again.
type namedFragment struct {
	name, text string
	on         *ast.Definition
	depth      int
	fields     int
}

// inlineFragment writes a fragment on the type, on one of its possible types, or on an abstract type that includes it.
func (g *generator) inlineFragment(on *ast.Definition, depth int) string {
	if g.chance(20) {
		return "..." + g.directives() + " " + g.selectionSet(on, depth)
	}
	as := oneOf(g, overlapping(on))
	return "... on " + as.Name + g.directives() + " " + g.selectionSet(as, depth)
}

// spread writes the spread of an existing or a new named fragment.
func (g *generator) spread(on *ast.Definition, depth int) string {
	types := overlapping(on)
	for _, fragment := range g.fragments {
		fits := slices.Contains(types, fragment.on) && fragment.depth <= depth && fragment.fields <= g.budget
		if fits && g.chance(60) {
			g.budget -= fragment.fields
			return "..." + fragment.name + g.directives()
		}
	}
	before := g.budget
	as := oneOf(g, types)
	set := g.selectionSet(as, depth)
	// It may be spread only from now on, so it can't contain itself.
	fragment := &namedFragment{
		name: fmt.Sprintf("F%d", len(g.fragments)), on: as, depth: depth, fields: before - g.budget,
	}
	fragment.text = "fragment " + fragment.name + " on " + as.Name + " " + set
	g.fragments = append(g.fragments, fragment)
	return "..." + fragment.name + g.directives()
}

// overlapping returns the possible types of a fragment in a selection on a type: mostly the type itself if it is an object,
// otherwise mostly its possible objects.
func overlapping(on *ast.Definition) []*ast.Definition {
	if on.IsAbstractType() {
		return append([]*ast.Definition{on}, servedTypes.GetPossibleTypes(on)...)
	}
	return append([]*ast.Definition{on, on}, servedTypes.GetImplements(on)...)
}
