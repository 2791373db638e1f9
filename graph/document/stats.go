package document

import (
	"cmp"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/store"
	"crm/graph/apierror"
)

// stats is the size of a selection set with its fragment spreads expanded.
type stats struct {
	depth, fields, selections, aliases, directives int
	// values is the number of values in arguments, including nested ones, and valueDepth their maximum depth.
	values, valueDepth int
}

// measurer measures a parsed document before validation, in time linear in its length: it measures each fragment once,
// however often it is spread.
type measurer struct {
	fragments map[string]*ast.FragmentDefinition
	measured  map[string]stats
	visiting  map[string]bool
	cycle     *ast.FragmentSpread
}

// checkStats refuses documents that would take long to validate, and documents with fragment cycles, whose size is
// infinite.
func checkStats(doc *ast.QueryDocument, limits Limits) *store.Error {
	m := measurer{
		fragments: indexFragments(doc), measured: map[string]stats{}, visiting: map[string]bool{},
	}
	if len(m.fragments) < len(doc.Fragments) {
		return store.Errorf(apierror.ValidationFailed, "There can be only one fragment with each name.")
	}
	size := 0
	var refusal *store.Error
	for _, operation := range doc.Operations {
		measured := m.operation(operation)
		size = add(size, add(measured.selections, measured.values))
		refusal = cmp.Or(
			refusal, measured.check(limits), check("the operation's number of root fields", measured.fields, limits.RootFields),
		)
	}
	for _, fragment := range doc.Fragments {
		measured := m.fragment(fragment)
		size = add(size, add(measured.selections, measured.values))
		refusal = cmp.Or(refusal, measured.check(limits))
	}
	if m.cycle != nil {
		return store.Errorf(apierror.ValidationFailed, "Cannot spread fragment %q within itself.", m.cycle.Name)
	}
	return cmp.Or(
		refusal, check("the document's number of selections and values, with fragments expanded,", size, limits.Selections),
	)
}

func (s stats) check(limits Limits) *store.Error {
	return cmp.Or(
		check("the operation's depth", s.depth, limits.Depth),
		check("the operation's number of aliases", s.aliases, limits.Aliases),
		check("the operation's number of directives", s.directives, limits.Directives),
		check("the depth of the operation's values", s.valueDepth, limits.Depth),
	)
}

// include adds another selection of the same selection set.
func (s *stats) include(other stats) {
	s.depth = max(s.depth, other.depth)
	s.fields = add(s.fields, other.fields)
	s.selections = add(s.selections, other.selections)
	s.aliases = add(s.aliases, other.aliases)
	s.directives = add(s.directives, other.directives)
	s.values = add(s.values, other.values)
	s.valueDepth = max(s.valueDepth, other.valueDepth)
}

func (s *stats) includeDirectives(list ast.DirectiveList) {
	s.directives = add(s.directives, len(list))
	for _, directive := range list {
		s.includeArguments(directive.Arguments)
	}
}

func (s *stats) includeArguments(list ast.ArgumentList) {
	for _, argument := range list {
		s.includeValue(argument.Value)
	}
}

func (s *stats) includeValue(value *ast.Value) {
	count, depth := measureValue(value)
	s.values, s.valueDepth = add(s.values, count), max(s.valueDepth, depth)
}

// measureValue returns the number of values in the value, including itself, and the depth of its lists and objects.
func measureValue(value *ast.Value) (count, depth int) {
	if value.Kind != ast.ListValue && value.Kind != ast.ObjectValue {
		return 1, 0
	}
	for _, child := range value.Children {
		childCount, childDepth := measureValue(child.Value)
		count, depth = count+childCount, max(depth, childDepth)
	}
	return count + 1, depth + 1
}

func (m *measurer) operation(operation *ast.OperationDefinition) stats {
	measured := m.selectionSet(operation.SelectionSet)
	measured.includeDirectives(operation.Directives)
	for _, variable := range operation.VariableDefinitions {
		measured.includeDirectives(variable.Directives)
		if variable.DefaultValue != nil {
			measured.includeValue(variable.DefaultValue)
		}
	}
	return measured
}

func (m *measurer) selectionSet(set ast.SelectionSet) stats {
	var total stats
	for _, selection := range set {
		var measured stats
		switch selection := selection.(type) {
		case *ast.Field:
			measured = m.field(selection)
		case *ast.InlineFragment:
			measured = m.selectionSet(selection.SelectionSet)
			measured.includeDirectives(selection.Directives)
		case *ast.FragmentSpread:
			measured = m.spread(selection)
			measured.includeDirectives(selection.Directives)
		}
		measured.selections = add(measured.selections, 1)
		total.include(measured)
	}
	return total
}

func (m *measurer) field(field *ast.Field) stats {
	measured := m.selectionSet(field.SelectionSet)
	measured.depth, measured.fields = add(measured.depth, 1), 1
	measured.includeDirectives(field.Directives)
	measured.includeArguments(field.Arguments)
	if field.Alias != field.Name {
		measured.aliases = add(measured.aliases, 1)
	}
	return measured
}

func (m *measurer) spread(spread *ast.FragmentSpread) stats {
	fragment := m.fragments[spread.Name]
	if fragment == nil {
		return stats{}
	}
	if m.visiting[spread.Name] {
		m.cycle = spread
		return stats{}
	}
	return m.fragment(fragment)
}

func (m *measurer) fragment(fragment *ast.FragmentDefinition) stats {
	if known, ok := m.measured[fragment.Name]; ok {
		return known
	}
	m.visiting[fragment.Name] = true
	measured := m.selectionSet(fragment.SelectionSet)
	measured.includeDirectives(fragment.Directives)
	delete(m.visiting, fragment.Name)
	m.measured[fragment.Name] = measured
	return measured
}

// indexFragments returns the fragments by name. If a name is duplicated, which validation refuses, it returns the first.
func indexFragments(doc *ast.QueryDocument) map[string]*ast.FragmentDefinition {
	byName := make(map[string]*ast.FragmentDefinition, len(doc.Fragments))
	for _, fragment := range doc.Fragments {
		if _, ok := byName[fragment.Name]; !ok {
			byName[fragment.Name] = fragment
		}
	}
	return byName
}
