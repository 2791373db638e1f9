package document

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/store"
	"crm/graph/apierror"
)

// merger finds fields with the same response key. Validation compares each of them with all others, so their number is
// limited. Use it only for documents whose stats have been checked.
type merger struct {
	fragments map[string]*ast.FragmentDefinition
	limit     int
}

// checkDuplicateFields refuses documents that select one field too often in the same place of the response. It checks
// every fragment, because validation compares the fields even of those that no operation spreads.
func checkDuplicateFields(doc *ast.QueryDocument, limits Limits) *store.Error {
	m := merger{fragments: indexFragments(doc), limit: limits.DuplicateFields}
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

// check merges selection sets of the same object, and continues below their fields.
func (m *merger) check(sets []ast.SelectionSet) *store.Error {
	merged := mergedFields{index: map[string]int{}, spread: map[string]bool{}}
	for _, set := range sets {
		m.collect(set, &merged)
	}
	for _, field := range merged.fields {
		if field.count > m.limit {
			subject := fmt.Sprintf("the number of times that %q is selected in one place", apierror.Shorten(field.name))
			return check(subject, field.count, m.limit)
		}
		if len(field.sets) == 0 {
			continue
		}
		if err := m.check(field.sets); err != nil {
			return err
		}
	}
	return nil
}

// mergedFields are the fields of one object in the response.
type mergedFields struct {
	// fields is in the order of the document, so the same document always gets the same error; index contains the position
	// of each name.
	fields []mergedField
	index  map[string]int
	// spread contains the fragments that were already collected: each counts once.
	spread map[string]bool
}

// mergedField is a field under its response key.
type mergedField struct {
	name  string
	count int
	// sets are its selection sets, if it is an object.
	sets []ast.SelectionSet
}

func (m *merger) collect(set ast.SelectionSet, merged *mergedFields) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			merged.add(selection)
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

func (m *mergedFields) add(field *ast.Field) {
	i, found := m.index[field.Alias]
	if !found {
		i = len(m.fields)
		m.index[field.Alias] = i
		m.fields = append(m.fields, mergedField{name: field.Alias})
	}
	m.fields[i].count++
	if len(field.SelectionSet) > 0 {
		m.fields[i].sets = append(m.fields[i].sets, field.SelectionSet)
	}
}
