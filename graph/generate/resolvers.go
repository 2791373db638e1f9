package main

import (
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// resolvers writes the part of package resolvers that is derived from the entities. Hand-written methods take precedence.
func (m *model) resolvers(w *writer, written map[string]bool) {
	for path, name := range map[string]string{
		"context": "context", "crm/db": "db", "crm/db/entity": "entity", "crm/db/store": "store", "crm/graph": "graph",
	} {
		w.imported(path, name)
	}
	m.resolverTypes(w)
	for _, e := range m.entities {
		m.queries(w, written, e)
		m.relations(w, written, e)
		m.list(w, e)
		m.where(w, e)
		m.order(w, e)
		m.deletePayload(w, e)
	}
	m.projections(w)
	m.nodes(w, written)
}

// resolverTypes writes the types whose methods resolve the fields of the entities.
func (m *model) resolverTypes(w *writer) {
	for _, e := range m.entities {
		if len(e.lists)+len(e.owners)+len(e.scoped) == 0 {
			continue
		}
		w.line("type %sResolver struct{ *Resolver }\n", lowerFirst(e.TypeName))
		w.line("// %s returns the resolvers of the fields of this type.", e.TypeName)
		w.line("func (r *Resolver) %s() graph.%sResolver { return %sResolver{r} }\n", e.TypeName, e.TypeName, lowerFirst(e.TypeName))
	}
}

// method begins a method unless a hand-written one exists.
func method(w *writer, written map[string]bool, receiver, field, rest string, args ...any) bool {
	name := templates.ToGo(field)
	if written[receiver+"."+name] {
		return false
	}
	w.line("// %s resolves %s.%s.", name, templates.ToGo(strings.TrimSuffix(receiver, "Resolver")), field)
	w.line("func (r %s) %s(%s {", receiver, name, fmt.Sprintf(rest, args...))
	return true
}

func (m *model) queries(w *writer, written map[string]bool, e *entityModel) {
	single := m.schema.Query.Fields.ForName(lowerFirst(e.TypeName))
	if single != nil && single.Arguments.ForName("id") != nil &&
		method(w, written, "queryResolver", single.Name, "ctx context.Context, id string) (*db.%s, error)", e.goName()) {
		w.line("return get(ctx, r.db.%s, %q, id)\n}\n", e.variable, "id")
	}
	if e.list != nil && method(w, written, "queryResolver", e.list.Name, "ctx context.Context, %s) (*graph.%sConnection, error)",
		parameters(e.list, e), e.goName()) {
		w.line("list, err := %s\nif err != nil {\nreturn nil, err\n}", listCall(e.list, e))
		w.line("return connection(ctx, r.db.%s, list)\n}\n", e.variable)
	}
	if e.changed != nil && method(w, written, "subscriptionResolver", e.changed.Name,
		"ctx context.Context, where *graph.%sWhere, after *string) (<-chan *graph.%sChange, error)", e.goName(), e.goName()) {
		w.line("filter, err := filterOf(where, %sFilter)\nif err != nil {\nreturn nil, err\n}", lowerFirst(e.TypeName))
		w.line("return watch(ctx, r.db, r.db.%s, filter, after)\n}\n", e.variable)
	}
}

func (m *model) relations(w *writer, written map[string]bool, e *entityModel) {
	receiver := lowerFirst(e.TypeName) + "Resolver"
	for _, list := range e.lists {
		if method(w, written, receiver, list.field.Name, "ctx context.Context, obj *db.%s, %s) (*graph.%sConnection, error)",
			e.goName(), parameters(list.field, list.child), list.child.goName()) {
			w.line("list, err := %s\nif err != nil {\nreturn nil, err\n}", listCall(list.field, list.child))
			w.line("return children(ctx, obj, %sID, r.db.%s, %q, list)\n}\n", lowerFirst(e.TypeName), list.child.variable, list.reference)
		}
	}
	for _, owner := range e.owners {
		if method(w, written, receiver, owner.field.Name, "ctx context.Context, obj *db.%s) (*db.%s, error)", e.goName(), owner.owner.goName()) {
			w.line("return reference(ctx, obj, r.db.%s, func(obj *db.%s) (store.ID, bool) {", owner.owner.variable, e.goName())
			if owner.optional {
				w.line("if obj.%s == nil {\nreturn store.ID{}, false\n}\nreturn *obj.%s, true\n})\n}\n", owner.goField, owner.goField)
			} else {
				w.line("return obj.%s, true\n})\n}\n", owner.goField)
			}
		}
	}
	for _, field := range e.scoped {
		element := m.settings.Models[field.Type.Name()].Model[0]
		goType := "db." + element[strings.LastIndexByte(element, '.')+1:]
		if m.schema.Types[field.Type.Name()].Kind == ast.Object {
			goType = "*" + goType
		}
		if field.Type.Elem != nil {
			goType = "[]" + goType
		}
		if method(w, written, receiver, field.Name, "ctx context.Context, obj *db.%s) (%s, error)", e.goName(), goType) {
			w.line("return obj.%s(scopeOf(ctx)), nil\n}\n", templates.ToGo(field.Name))
		}
	}
	if len(e.lists) > 0 {
		w.line("func %sID(obj *db.%s) store.ID { return obj.ID }\n", lowerFirst(e.TypeName), e.goName())
	}
}

// parameters writes the parameters of a connection's resolver.
func parameters(field *ast.FieldDefinition, e *entityModel) string {
	types := map[string]string{
		"first": "*int", "after": "*string", "last": "*int", "before": "*string",
		"where": "*graph." + e.goName() + "Where", "orderBy": "[]*graph." + e.goName() + "Order",
	}
	var out []string
	for _, argument := range field.Arguments {
		out = append(out, argument.Name+" "+types[argument.Name])
	}
	return strings.Join(out, ", ")
}

// listCall writes the call that turns a connection's arguments into an entity.List.
func listCall(field *ast.FieldDefinition, e *entityModel) string {
	where, orderBy := "nil", "nil"
	if field.Arguments.ForName("where") != nil {
		where = "where"
	}
	if field.Arguments.ForName("orderBy") != nil {
		orderBy = "orderBy"
	}
	return fmt.Sprintf("%sList(pageArguments{first, after, last, before}, %s, %s)", lowerFirst(e.TypeName), where, orderBy)
}

// list writes the function that turns a connection's arguments into an entity.List.
func (m *model) list(w *writer, e *entityModel) {
	name := lowerFirst(e.TypeName)
	where, order := m.schema.Types[e.TypeName+"Where"], m.schema.Types[e.TypeName+"OrderField"]
	whereType, orderType, filter := "*struct{}", "[]*struct{}", "var filter store.Filter\nvar err error"
	key := "nil"
	if where != nil {
		whereType, filter = "*graph."+e.goName()+"Where", "filter, err := filterOf(where, "+name+"Filter)"
	}
	if order != nil {
		orderType, key = "[]*graph."+e.goName()+"Order", name+"Sort"
	}
	parameter := "where"
	if where == nil {
		parameter = "_"
	}
	w.line("func %sList(page pageArguments, %s %s, orderBy %s) (entity.List, error) {", name, parameter, whereType, orderType)
	w.line("%s\nreturn list(page, filter, orderBy, %s), err\n}\n", filter, key)
}

// where writes the conversion of an entity's conditions.
func (m *model) where(w *writer, e *entityModel) {
	where := m.schema.Types[e.TypeName+"Where"]
	if where == nil {
		return
	}
	w.line("func %sFilter(c *conditions, path string, depth int, w *graph.%sWhere) store.Filter {\nreturn store.And(", lowerFirst(e.TypeName), e.goName())
	w.line("logic(c, path, depth, w.And, w.Or, w.Not, %sFilter),", lowerFirst(e.TypeName))
	for _, field := range where.Fields {
		if condition, _ := m.condition(e, field); condition != "" {
			w.line("%s,", condition)
		}
	}
	w.line(")\n}\n")
}

// condition writes the code that turns one condition into a filter; it is empty for and, or and not.
func (m *model) condition(e *entityModel, field *ast.FieldDefinition) (string, error) {
	goName := "w." + templates.ToGo(field.Name)
	switch field.Name {
	case "and", "or", "not":
		return "", nil
	}
	if condition, ok := e.Filters[field.Name]; ok {
		return fmt.Sprintf("nullCondition(c, path, %q, %q, %s)", field.Name, condition.NullField, goName), nil
	}
	if owner := m.entity(strings.TrimSuffix(field.Type.Name(), "Where")); owner != nil && strings.HasSuffix(field.Type.Name(), "Where") {
		for _, reference := range e.References {
			if reference.Name() == field.Name && reference.Owner == owner.TypeName {
				return fmt.Sprintf("related(c, path, %q, depth, %s, %q, db.%s, %sFilter)",
					field.Name, goName, reference.Field, owner.variable, lowerFirst(owner.TypeName)), nil
			}
		}
		return "", fmt.Errorf("a %s has no reference to %s with that name", e.Noun, owner.TypeName)
	}
	if some := m.schema.Types[field.Type.Name()].Fields.ForName("some"); some != nil {
		for _, list := range e.lists {
			if list.field.Name == field.Name && list.child.TypeName+"Where" == some.Type.Name() {
				return fmt.Sprintf("condition(c, path, %q, %s, func(path string, in *graph.%s) store.Filter {\n"+
					"return someAndNone(c, path, depth, in.Some, in.None, db.%s, %q, %sFilter)\n})",
					field.Name, goName, field.Type.Name(), list.child.variable, list.reference, lowerFirst(list.child.TypeName)), nil
			}
		}
		if l, ok := m.link(e, field.Name, strings.TrimSuffix(some.Type.Name(), "Where")); ok {
			return fmt.Sprintf("condition(c, path, %q, %s, func(path string, in *graph.%s) store.Filter {\n"+
				"return someAndNone(c, path, depth, in.Some, in.None, db.%s, %q, through(%q, db.%s, %sFilter))\n})",
				field.Name, goName, field.Type.Name(), templates.ToGo(l.links.Name), l.from, l.to, l.target.variable, lowerFirst(l.target.TypeName)), nil
		}
		return "", fmt.Errorf("a %s has no list with that name of what %s selects", e.Noun, some.Type.Name())
	}
	name := entity.SnakeCase(field.Name)
	if field.Name == "id" {
		name = "_id"
	}
	stored, ok := e.Field(name)
	if !ok {
		return "", fmt.Errorf("no stored field is called %s", name)
	}
	if field.Type.Name() == "Boolean" {
		return fmt.Sprintf("boolean(c, path, %q, %q, %s)", field.Name, name, goName), nil
	}
	if text := textCondition(e, name); text != "" {
		return fmt.Sprintf("compareText(c, path, %q, %s, %s)", field.Name, goName, text), nil
	}
	value, err := m.valueOf(e, field, stored)
	return fmt.Sprintf("compare(c, path, %q, %q, %s, %s)", field.Name, name, goName, value), err
}

// textCondition writes the conditions on a text by its keys; it is empty if the text has none.
func textCondition(e *entityModel, name string) string {
	for _, by := range []struct {
		kind    textkey.Kind
		convert string
	}{{textkey.Searched, "searched"}, {textkey.Digits, "dialled"}, {textkey.Folded, "addressed"}} {
		if key := e.KeyOf(name, by.kind); key != "" {
			return fmt.Sprintf("textKeys{%q, %q}, %s", key, name, by.convert)
		}
	}
	return ""
}

// valueOf writes the function that turns an input's value into a stored value.
func (m *model) valueOf(e *entityModel, field *ast.FieldDefinition, stored store.Field) (string, error) {
	filter := strings.TrimPrefix(strings.TrimSuffix(field.Type.Name(), "Filter"), "Optional")
	enum := m.schema.Types[filter]
	switch {
	case stored.Type == store.TypeID && stored.Name == "_id":
		return "idOf(db.Kind" + e.goName() + ")", nil
	case stored.Type == store.TypeID:
		for _, reference := range e.References {
			if reference.Field == stored.Name {
				return "idOf(db.Kind" + reference.Owner + ")", nil
			}
		}
	case stored.Type == store.TypeTime:
		return "moment", nil
	case stored.Type == store.TypeInt && (enum != nil || filter == "Int"):
		return "number", nil
	case stored.Type == store.TypeString && enum != nil && enum.Kind == ast.Enum:
		return "stored", nil
	case stored.Type == store.TypeString:
		return "plain", nil
	}
	return "", fmt.Errorf("%s can't be compared with %s", stored.Name, field.Type.Name())
}

// order writes the conversion of an entity's order keys.
func (m *model) order(w *writer, e *entityModel) {
	order := m.schema.Types[e.TypeName+"OrderField"]
	if order == nil {
		return
	}
	w.line("func %sSort(o *graph.%sOrder) store.Sort {\nfields := map[graph.%sOrderField]string{", lowerFirst(e.TypeName), e.goName(), e.goName())
	for _, value := range order.EnumValues {
		w.line("graph.%sOrderField%s: %q,", e.goName(), templates.ToGo(strings.ToLower(value.Name)), e.orderedField(strings.ToLower(value.Name)))
	}
	w.line("}\nreturn store.Sort{Field: fields[o.Field], Desc: o.Direction == graph.OrderDirectionDesc}\n}\n")
}

// deletePayload writes the payload of a deletion, with the counts of deleted dependents.
func (m *model) deletePayload(w *writer, e *entityModel) {
	if m.schema.Types["Delete"+e.TypeName+"Payload"] == nil {
		return
	}
	counts := m.deletedCounts(e)
	parameter := "removed"
	if len(counts) == 0 {
		parameter = "_"
	}
	w.line("func deleted%s(id string, %s entity.Removed) *graph.Delete%sPayload {", e.goName(), parameter, e.goName())
	w.line("return &graph.Delete%sPayload{\nDeletedID: id,", e.goName())
	for _, field := range counts {
		w.line("%s: removed[%q],", templates.ToGo(field.Name), strings.TrimPrefix(entity.SnakeCase(field.Name), "deleted_"))
	}
	w.line("}\n}\n")
}
