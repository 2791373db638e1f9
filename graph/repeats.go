package graph

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db"
)

// merger finds fields that fall onto each other in the answer. Validation compares each of them with each other, so
// their number is limited. It is only for documents whose extent has been checked.
type merger struct {
	fragments map[string]*ast.FragmentDefinition
	limit     int
}

// checkRepeats refuses documents that select one field too often at the same place of the answer. Validation compares
// the fields of each fragment too, also of one that no operation spreads.
func checkRepeats(doc *ast.QueryDocument, limits Limits) *db.Error {
	m := merger{fragments: indexFragments(doc), limit: limits.Repeats}
	for _, operation := range doc.Operations {
		if err := m.check([]ast.SelectionSet{operation.SelectionSet}); err != nil {
			return err
		}
	}
	for _, fragment := range doc.Fragments {
		if err := m.check([]ast.SelectionSet{fragment.SelectionSet}); err != nil {
			return err
		}
	}
	return nil
}

// check merges selection sets that belong to the same object, and goes on below their fields.
func (m *merger) check(sets []ast.SelectionSet) *db.Error {
	merged := mergedFields{subsets: map[string][]ast.SelectionSet{}, spread: map[string]bool{}}
	for _, set := range sets {
		m.collect(set, &merged)
	}
	for _, name := range merged.names {
		subsets := merged.subsets[name]
		subject := fmt.Sprintf("the number of times that %q is selected at one place", shorten(name))
		if err := check(subject, len(subsets), m.limit); err != nil {
			return err
		}
		if err := m.check(subsets); err != nil {
			return err
		}
	}
	return nil
}

// mergedFields are the fields of one object in the answer, by the name that they have there.
type mergedFields struct {
	// names is in the order of the document, so that the same document always gets the same refusal.
	names   []string
	subsets map[string][]ast.SelectionSet
	// spread has the fragments that are in it already: each counts once.
	spread map[string]bool
}

func (m *merger) collect(set ast.SelectionSet, merged *mergedFields) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			if _, ok := merged.subsets[selection.Alias]; !ok {
				merged.names = append(merged.names, selection.Alias)
			}
			merged.subsets[selection.Alias] = append(merged.subsets[selection.Alias], selection.SelectionSet)
		case *ast.InlineFragment:
			m.collect(selection.SelectionSet, merged)
		case *ast.FragmentSpread:
			if fragment := m.fragments[selection.Name]; fragment != nil && !merged.spread[selection.Name] {
				merged.spread[selection.Name] = true
				m.collect(fragment.SelectionSet, merged)
			}
		}
	}
}
