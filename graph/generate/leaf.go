package main

import (
	"go/types"
	"maps"
	"slices"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"
)

// enum is an enum type whose names differ from its Go values.
type enum struct {
	goType string
	values []config.EnumValueReference
}

// leaf writes the code that renders a scalar or an enum value, with the same result as gqlgen's marshaler.
func (w *writer) leaf(ref *config.TypeReference, expression string) {
	name := ref.Definition.Name
	switch {
	case ref.HasEnumValues():
		t := ref.GO
		if pointer, ok := t.(*types.Pointer); ok {
			t = pointer.Elem()
		}
		w.enums[name] = &enum{goType: w.typeName(t), values: ref.EnumValues}
		w.line("r.append%s(%s)", name, expression)
	case ref.Definition.Kind == ast.Enum:
		w.line("r.string(string(%s))", expression)
	case name == "Int":
		w.line("r.int(%s)", expression)
	case name == "Boolean":
		w.line("r.bool(%s)", expression)
	case name == "DateTime":
		w.line("r.buf = appendDateTime(r.buf, %s)", expression)
	default:
		w.line("r.string(%s)", expression)
	}
}

// enumAppenders writes the functions that leaf calls for enums.
func (w *writer) enumAppenders() {
	for _, name := range slices.Sorted(maps.Keys(w.enums)) {
		w.line("func (r *rendering) append%s(v %s) {\nswitch v {", name, w.enums[name].goType)
		for _, value := range w.enums[name].values {
			object := value.Object
			name := object.Name()
			if object.Pkg().Path() != w.self {
				name = w.imported(object.Pkg().Path(), object.Pkg().Name()) + "." + name
			}
			w.line("case %s:\nr.buf = append(r.buf, `%q`...)", name, value.Definition.Name)
		}
		w.line("default:\nr.failed = true\n}\n}\n")
	}
}

// abstractTypes writes the planners and renderers of interfaces and unions, which use those of the concrete types.
func (w *writer) abstractTypes(data *codegen.Data) {
	for _, name := range slices.Sorted(maps.Keys(data.Interfaces)) {
		abstract := data.Interfaces[name]
		w.line("func (p *planner) plan%s(set ast.SelectionSet) *selection {", name)
		w.line("s := &selection{types: make(map[string]*selection, %d)}", len(abstract.Implementors))
		for _, object := range abstract.Implementors {
			w.line("if s.types[%q] = p.plan%s(set); s.types[%q] == nil {\nreturn nil\n}", object.Name, object.Name, object.Name)
		}
		w.line("return s\n}\n")
		w.line("func (r *rendering) render%s(s *selection, v %s) {\nswitch obj := v.(type) {", name, w.typeName(abstract.Type))
		for _, object := range abstract.Implementors {
			w.line("case %s:\nr.render%s(s.types[%q], obj)", w.typeName(object.Type), object.Name, object.Name)
		}
		w.line("default:\nr.failed = true\n}\n}\n")
	}
}

// root writes the functions that plan and render the value that the resolver of a root field returned.
func (w *writer) root(objects []*codegen.Object, data *codegen.Data) {
	goTypes := map[string]string{}
	for _, object := range objects {
		goTypes[object.Name] = w.typeName(object.Reference())
	}
	for name, abstract := range data.Interfaces {
		goTypes[name] = w.typeName(abstract.Type)
	}
	names := slices.Sorted(maps.Keys(goTypes))
	w.line("// planRoot plans a selection on the named type. It returns nil if the fast path can't render it.")
	w.line("func (p *planner) planRoot(name string, set ast.SelectionSet) *selection {\nswitch name {")
	for _, name := range names {
		w.line("case %q:\nreturn p.plan%s(set)", name, name)
	}
	w.line("}\nreturn nil\n}\n")
	w.line("// renderRoot renders the value of a root field of the named type, and reports whether that succeeded.")
	w.line("func (r *rendering) renderRoot(name string, s *selection, value any) bool {\nswitch name {")
	for _, name := range names {
		w.line("case %q:\nswitch v := value.(type) {", name)
		w.line("case %s:\nreturn v != nil && renderOne(r, s, r.render%s, v)", goTypes[name], name)
		w.line("case []%s:\nreturn v != nil && renderList(r, s, r.render%s, v)\n}", goTypes[name], name)
	}
	w.line("}\nreturn false\n}\n")
}
