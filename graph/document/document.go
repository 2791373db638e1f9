// Package document parses the documents of requests, checks their limits, validates them, and checks their variables.
package document

import (
	"slices"
	"sync"
	"sync/atomic"

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
	// conditions are the variables in @skip and @include.
	conditions []string
	// derived contains what is derived from the document, of a total size of derivedSize.
	derived     sync.Map
	derivedSize atomic.Int64
}

// maxDerived is the maximum size of what is kept with a document, in selected fields of about 200 bytes. Ordinary documents
// need less; with fragments and conditions, a client could make it thousands of times as large as the document.
const maxDerived = 250

// Included returns the values of the variables in @skip and @include, which decide together with the document what an
// operation selects.
func (d *Document) Included(variables map[string]any) string {
	if len(d.conditions) == 0 {
		return ""
	}
	values := make([]byte, len(d.conditions))
	for i, name := range d.conditions {
		values[i] = 'n'
		if variables[name] == true {
			values[i] = 'y'
		}
	}
	return string(values)
}

// Derived returns what KeepDerived has kept for a key.
func (d *Document) Derived(key any) (value any, ok bool) { return d.derived.Load(key) }

// KeepDerived keeps something that is derived from the document as long as the document, unless it already keeps a lot.
// The size is a number of selected fields.
func (d *Document) KeepDerived(key, value any, size int) {
	if d.derivedSize.Add(int64(size)) <= maxDerived {
		d.derived.Store(key, value)
	}
}

// Hash returns the SHA-256 digest of the document's text in hexadecimal, by which clients name persisted queries.
func (d *Document) Hash() string { return hashOf(d.text) }

// SelectedFields returns the names of the fields that the document selects on a type, anywhere in it.
func (d *Document) SelectedFields(typeName string) []string { return d.selected[typeName] }

// describeSelections finds the fields that a valid document selects, by type, and the variables that decide about them.
func (d *Document) describeSelections() {
	d.selected = map[string][]string{}
	for _, operation := range d.Operations {
		d.describe(operation.SelectionSet)
	}
	for _, fragment := range d.Fragments {
		d.describe(fragment.SelectionSet)
	}
}

func (d *Document) describe(set ast.SelectionSet) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			name := selection.ObjectDefinition.Name
			if !slices.Contains(d.selected[name], selection.Name) {
				d.selected[name] = append(d.selected[name], selection.Name)
			}
			d.addConditions(selection.Directives)
			d.describe(selection.SelectionSet)
		case *ast.InlineFragment:
			d.addConditions(selection.Directives)
			d.describe(selection.SelectionSet)
		case *ast.FragmentSpread:
			d.addConditions(selection.Directives)
		}
	}
}

// addConditions adds the variables of @skip and @include; no other directives may stand in a selection.
func (d *Document) addConditions(directives ast.DirectiveList) {
	for _, directive := range directives {
		for _, argument := range directive.Arguments {
			if argument.Value.Kind == ast.Variable && !slices.Contains(d.conditions, argument.Value.Raw) {
				d.conditions = append(d.conditions, argument.Value.Raw)
			}
		}
	}
}
