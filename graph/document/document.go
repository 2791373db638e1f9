// Package document parses the documents of requests, checks their limits, validates them, and checks their variables.
package document

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Document is a valid document with facts about its variables and fields.
type Document struct {
	*ast.QueryDocument
	text string
	// nonNull contains the variables that are used where null is not allowed. Their own type may still be nullable if they
	// or the position have a default; gqlgen would then treat null as an empty value, or panic.
	nonNull map[*ast.VariableDefinition]bool
	// selected contains the names of the fields that the document selects, by type.
	selected map[string][]string
}

// Hash returns the SHA-256 digest of the document's text in hexadecimal, by which clients name persisted queries.
func (d *Document) Hash() string { return hashOf(d.text) }

// SelectedFields returns the names of the fields that the document selects on a type, anywhere in it.
func (d *Document) SelectedFields(typeName string) []string { return d.selected[typeName] }

// selectedFields returns the fields that a valid document selects, by type.
func selectedFields(doc *ast.QueryDocument) map[string][]string {
	selected := map[string][]string{}
	var visit func(set ast.SelectionSet)
	visit = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				name := selection.ObjectDefinition.Name
				if !slices.Contains(selected[name], selection.Name) {
					selected[name] = append(selected[name], selection.Name)
				}
				visit(selection.SelectionSet)
			case *ast.InlineFragment:
				visit(selection.SelectionSet)
			}
		}
	}
	for _, operation := range doc.Operations {
		visit(operation.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		visit(fragment.SelectionSet)
	}
	return selected
}
