package document

import (
	"cmp"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/store"
	"crm/graph/apierror"
)

// extent says how large a selection set is with the fragments that it spreads written out.
type extent struct {
	depth, fields, selections, aliases, directives int
	// values is the number of values in arguments, those inside others too, and valueDepth how deep the deepest nests.
	values, valueDepth int
}

// surveyor measures a parsed document before it is validated, in time linear in its length: each fragment is measured
// once, however often it is spread.
type surveyor struct {
	fragments map[string]*ast.FragmentDefinition
	measured  map[string]extent
	visiting  map[string]bool
	cycle     *ast.FragmentSpread
}

// checkExtent refuses documents that would take long to validate, and those whose fragments spread each other in a
// circle, which have no extent.
func checkExtent(doc *ast.QueryDocument, limits Limits) *store.Error {
	s := surveyor{
		fragments: indexFragments(doc), measured: map[string]extent{}, visiting: map[string]bool{},
	}
	if len(s.fragments) < len(doc.Fragments) {
		return store.Errorf(apierror.ValidationFailed, "There can be only one fragment of a name.")
	}
	size := 0
	var refusal *store.Error
	for _, operation := range doc.Operations {
		one := s.operation(operation)
		size = add(size, add(one.selections, one.values))
		refusal = cmp.Or(
			refusal, one.check(limits), check("the operation's number of root fields", one.fields, limits.RootFields),
		)
	}
	for _, fragment := range doc.Fragments {
		one := s.fragment(fragment)
		size = add(size, add(one.selections, one.values))
		refusal = cmp.Or(refusal, one.check(limits))
	}
	if s.cycle != nil {
		return store.Errorf(apierror.ValidationFailed, "Cannot spread fragment %q within itself.", s.cycle.Name)
	}
	return cmp.Or(
		refusal, check("the document's number of selections and values, with fragments written out,", size, limits.Selections),
	)
}

func (e extent) check(limits Limits) *store.Error {
	return cmp.Or(
		check("the operation's depth", e.depth, limits.Depth),
		check("the operation's number of aliases", e.aliases, limits.Aliases),
		check("the operation's number of directives", e.directives, limits.Directives),
		check("the depth of the operation's values", e.valueDepth, limits.Depth),
	)
}

// include adds another selection of the same selection set.
func (e *extent) include(other extent) {
	e.depth = max(e.depth, other.depth)
	e.fields = add(e.fields, other.fields)
	e.selections = add(e.selections, other.selections)
	e.aliases = add(e.aliases, other.aliases)
	e.directives = add(e.directives, other.directives)
	e.values = add(e.values, other.values)
	e.valueDepth = max(e.valueDepth, other.valueDepth)
}

func (e *extent) includeDirectives(list ast.DirectiveList) {
	e.directives = add(e.directives, len(list))
	for _, directive := range list {
		e.includeArguments(directive.Arguments)
	}
}

func (e *extent) includeArguments(list ast.ArgumentList) {
	for _, argument := range list {
		e.includeValue(argument.Value)
	}
}

func (e *extent) includeValue(value *ast.Value) {
	count, depth := measureValue(value)
	e.values, e.valueDepth = add(e.values, count), max(e.valueDepth, depth)
}

// measureValue returns how many values there are in the value, itself included, and how deep lists and objects nest.
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

func (s *surveyor) operation(operation *ast.OperationDefinition) extent {
	measured := s.selectionSet(operation.SelectionSet)
	measured.includeDirectives(operation.Directives)
	for _, variable := range operation.VariableDefinitions {
		measured.includeDirectives(variable.Directives)
		if variable.DefaultValue != nil {
			measured.includeValue(variable.DefaultValue)
		}
	}
	return measured
}

func (s *surveyor) selectionSet(set ast.SelectionSet) extent {
	var total extent
	for _, selection := range set {
		var one extent
		switch selection := selection.(type) {
		case *ast.Field:
			one = s.field(selection)
		case *ast.InlineFragment:
			one = s.selectionSet(selection.SelectionSet)
			one.includeDirectives(selection.Directives)
		case *ast.FragmentSpread:
			one = s.spread(selection)
			one.includeDirectives(selection.Directives)
		}
		one.selections = add(one.selections, 1)
		total.include(one)
	}
	return total
}

func (s *surveyor) field(field *ast.Field) extent {
	one := s.selectionSet(field.SelectionSet)
	one.depth, one.fields = add(one.depth, 1), 1
	one.includeDirectives(field.Directives)
	one.includeArguments(field.Arguments)
	if field.Alias != field.Name {
		one.aliases = add(one.aliases, 1)
	}
	return one
}

func (s *surveyor) spread(spread *ast.FragmentSpread) extent {
	fragment := s.fragments[spread.Name]
	if fragment == nil {
		return extent{}
	}
	if s.visiting[spread.Name] {
		s.cycle = spread
		return extent{}
	}
	return s.fragment(fragment)
}

func (s *surveyor) fragment(fragment *ast.FragmentDefinition) extent {
	if known, ok := s.measured[fragment.Name]; ok {
		return known
	}
	s.visiting[fragment.Name] = true
	measured := s.selectionSet(fragment.SelectionSet)
	measured.includeDirectives(fragment.Directives)
	delete(s.visiting, fragment.Name)
	s.measured[fragment.Name] = measured
	return measured
}

// indexFragments returns the fragments by name; of two with one name, which validation refuses, the first.
func indexFragments(doc *ast.QueryDocument) map[string]*ast.FragmentDefinition {
	byName := make(map[string]*ast.FragmentDefinition, len(doc.Fragments))
	for _, fragment := range doc.Fragments {
		if _, ok := byName[fragment.Name]; !ok {
			byName[fragment.Name] = fragment
		}
	}
	return byName
}
