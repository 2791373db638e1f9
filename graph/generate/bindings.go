package main

import (
	"strings"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

// The packages of bound types.
const (
	graphPackage = "crm/graph."
	dbPackage    = "crm/db."
)

// bind tells gqlgen the Go types of the entities' schema types. Bindings in gqlgen.yml take precedence.
func (m *model) bind() {
	for _, e := range m.entities {
		m.bindType(e.TypeName, dbPackage+e.goName())
		m.bindField(e.TypeName, "id", config.TypeMapField{FieldName: "GlobalID"})
		for _, list := range e.lists {
			m.bindField(e.TypeName, list.field.Name, config.TypeMapField{Resolver: true})
		}
		for _, owner := range e.owners {
			m.bindField(e.TypeName, owner.field.Name, config.TypeMapField{Resolver: true})
		}
		for _, field := range e.scoped {
			m.bindField(e.TypeName, field.Name, config.TypeMapField{Resolver: true})
		}
		for _, suffix := range []string{"Connection", "Edge"} {
			if m.schema.Types[e.TypeName+suffix] != nil {
				m.bindType(e.TypeName+suffix, graphPackage+e.goName()+suffix)
			}
		}
		if e.changed != nil {
			m.bindChange(e)
		}
	}
	for _, name := range m.enumFilters() {
		m.bindType(name, graphPackage+strings.TrimPrefix(name, "Optional"))
	}
}

// bindChange binds the type of an entity's changes, and the kinds of changes.
func (m *model) bindChange(e *entityModel) {
	change, name := e.TypeName+"Change", lowerFirst(e.TypeName)
	m.bindType(change, graphPackage+e.goName()+"Change")
	m.bindField(change, name+"Id", config.TypeMapField{FieldName: "GlobalID"})
	m.bindField(change, name, config.TypeMapField{FieldName: "Document"})
	kinds := m.schema.Types[change+"Kind"]
	if kinds == nil || m.settings.Models.Exists(kinds.Name) {
		return
	}
	entry := config.TypeMapEntry{Model: config.StringList{dbPackage[:len(dbPackage)-1] + "/live.ChangeKind"}, EnumValues: map[string]config.EnumValue{}}
	for _, value := range kinds.EnumValues {
		entry.EnumValues[value.Name] = config.EnumValue{Value: graphPackage + "Change" + templates.ToGo(strings.ToLower(value.Name))}
	}
	m.settings.Models[kinds.Name] = entry
}

func (m *model) bindType(name, model string) {
	entry := m.settings.Models[name]
	if len(entry.Model) == 0 {
		entry.Model = config.StringList{model}
		m.settings.Models[name] = entry
	}
}

func (m *model) bindField(typeName, field string, binding config.TypeMapField) {
	entry := m.settings.Models[typeName]
	if _, given := entry.Fields[field]; given {
		return
	}
	if entry.Fields == nil {
		entry.Fields = map[string]config.TypeMapField{}
	}
	entry.Fields[field] = binding
	m.settings.Models[typeName] = entry
}

// enumFilters returns the inputs that compare an enum, in order.
func (m *model) enumFilters() []string {
	var names []string
	for _, name := range sortedNames(m.schema.Types) {
		enum := strings.TrimPrefix(strings.TrimSuffix(name, "Filter"), "Optional")
		definition := m.schema.Types[enum]
		if strings.HasSuffix(name, "Filter") && definition != nil && definition.Kind == ast.Enum {
			names = append(names, name)
		}
	}
	return names
}

// graphTypes writes the Go types of package graph that are derived from the entities.
func (m *model) graphTypes(w *writer) {
	w.line("type (")
	for _, e := range m.entities {
		goType := w.imported("crm/db", "db") + "." + e.goName()
		if m.schema.Types[e.TypeName+"Connection"] != nil {
			w.line("// %sConnection is a page of a list of %s documents.\n%sConnection = Connection[%s]", e.goName(), e.TypeName, e.goName(), goType)
			w.line("// %sEdge is an element of a page.\n%sEdge = Edge[%s]", e.goName(), e.goName(), goType)
		}
		if e.changed != nil {
			w.line("// %sChange is the change of a document that a subscriber receives.\n%sChange = %s.Change[%s]", e.goName(), e.goName(), w.imported("crm/db/live", "live"), goType)
		}
	}
	for _, name := range m.enumFilters() {
		if strings.HasPrefix(name, "Optional") {
			continue
		}
		bound := m.settings.Models[strings.TrimSuffix(name, "Filter")].Model[0]
		dot := strings.LastIndexByte(bound, '.')
		pkg := bound[:dot]
		w.line("// %s compares an enum.\n%s = Comparison[%s]", name, name, w.imported(pkg, pkg[strings.LastIndexByte(pkg, '/')+1:])+bound[dot:])
	}
	w.line(")\n")
	m.changeKinds(w)
}

// changeKinds writes the kinds of changes that subscribers receive: the values of the enums of the API.
func (m *model) changeKinds(w *writer) {
	kinds := map[string]bool{}
	for _, e := range m.entities {
		if e.changed == nil {
			continue
		}
		for _, value := range m.schema.Types[e.TypeName+"ChangeKind"].EnumValues {
			kinds[strings.ToLower(value.Name)] = true
		}
	}
	w.line("// The kinds of changes that subscribers receive.\nconst (")
	for _, kind := range sortedNames(kinds) {
		w.line("Change%s live.ChangeKind = %q", templates.ToGo(kind), kind)
	}
	w.line(")")
}
