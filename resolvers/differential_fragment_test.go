package resolvers_test

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// namedFragment is a fragment that is written already, and may be spread again.
type namedFragment struct {
	name, text string
	on         *ast.Definition
	depth      int
	fields     int
}

// inlineFragment writes a fragment on the type, on a part of it, or on what it is a part of.
func (g *generator) inlineFragment(on *ast.Definition, depth int) string {
	if g.chance(20) {
		return "..." + g.directives() + " " + g.selectionSet(on, depth)
	}
	as := oneOf(g, overlapping(on))
	return "... on " + as.Name + g.directives() + " " + g.selectionSet(as, depth)
}

// spread writes the spread of a named fragment: one that is there, or a new one.
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
	// Only now it may be spread, so that it can't be within itself.
	fragment := &namedFragment{
		name: fmt.Sprintf("F%d", len(g.fragments)), on: as, depth: depth, fields: before - g.budget,
	}
	fragment.text = "fragment " + fragment.name + " on " + as.Name + " " + set
	g.fragments = append(g.fragments, fragment)
	return "..." + fragment.name + g.directives()
}

// overlapping returns the types that a fragment may be on where a type is selected from: itself, mostly, if it is an
// object's, else mostly the objects that it may be.
func overlapping(on *ast.Definition) []*ast.Definition {
	if on.IsAbstractType() {
		return append([]*ast.Definition{on}, servedTypes.GetPossibleTypes(on)...)
	}
	return append([]*ast.Definition{on, on}, servedTypes.GetImplements(on)...)
}
