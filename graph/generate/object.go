package main

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"
)

// planOf writes the function that plans a selection set on an object type: its fields with their selections. The function
// runs once for a document, not once for an operation or a value.
func (w *writer) planOf(object *codegen.Object) {
	w.line("func (p *planner) plan%s(set ast.SelectionSet) *selection {", object.Name)
	w.line("return p.plan(set, %s, func(f *selected) bool {", object.Implementors())
	w.line("switch f.field.Name {")
	for i, field := range object.Fields {
		w.line("case %q:", field.Name)
		if len(field.ImplDirectives()) > 0 {
			w.line("return false // the field has a directive")
			continue
		}
		w.line("f.index = %d", i+1)
		if field.IsResolver {
			w.planCall(object, field)
		}
		if composite := compositeName(field.TypeReference); composite != "" {
			w.line("f.selection = p.plan%s(f.field.Selections)", composite)
			w.line("return f.selection != nil")
		} else {
			w.line("return true")
		}
	}
	w.line("}\nreturn false\n})\n}\n")
}

// planCall writes the function that reads a field's arguments, once for an operation, and returns the call of its resolver.
func (w *writer) planCall(object *codegen.Object, field *codegen.Field) {
	call := []string{"ctx", "obj"}
	w.line("f.bind = func(r *rendering, f *selected) any {")
	if len(field.Args) > 0 {
		w.line("args, err := r.ec.%s(r.ctx, f.field.ArgumentMap(r.ec.Variables))", field.ArgsFunc())
		w.line("if err != nil {\nreturn nil\n}")
	} else {
		w.line("var args map[string]any")
	}
	w.line("ctx := r.fieldContext(%q, f, args)", object.Name)
	for i, arg := range field.Args {
		w.line("a%d, _ := args[%q].(%s)", i, arg.Name, w.typeName(arg.TypeReference.GO))
		call = append(call, fmt.Sprintf("a%d", i))
	}
	w.line("resolver := r.ec.Resolvers.%s()", object.Name)
	w.line("return func(obj %s) (%s, error) { return resolver.%s(%s) }\n}", w.typeName(object.Reference()),
		w.typeName(field.TypeReference.GO), field.GoFieldName, strings.Join(call, ", "))
}

// rendererOf writes the function that renders a value of an object type.
func (w *writer) rendererOf(object *codegen.Object) {
	reference := w.typeName(object.Reference())
	w.line("func (r *rendering) render%s(s *selection, obj %s) {", object.Name, reference)
	w.line("r.buf = append(r.buf, '{')")
	w.line("for i := range s.fields {")
	w.line("f := &s.fields[i]")
	w.line("r.buf = append(r.buf, f.key...)")
	w.line("switch f.index {")
	w.line("case typename:\nr.buf = append(r.buf, `%q`...)", object.Name)
	for i, field := range object.Fields {
		if len(field.ImplDirectives()) > 0 {
			continue
		}
		w.line("case %d:", i+1)
		if appender := appenderOf(object, field); appender != "" {
			w.line("r.buf = append(obj.%s(append(r.buf, '\"')), '\"')", appender)
			continue
		}
		w.line("%s", w.fetch(object, field))
		w.value(field.TypeReference, "v", 0)
	}
	w.line("}\nif r.failed {\nreturn\n}\n}")
	w.line("r.buf = append(r.buf, '}')\n}\n")
}

// appenderOf returns the name of the method that appends the value of the field's method, if there is one, which saves
// creating a string. The appended value needs no escaping.
func appenderOf(object *codegen.Object, field *codegen.Field) string {
	name := "Append" + field.GoFieldName
	method, _, _ := types.LookupFieldOrMethod(object.Reference(), true, nil, name)
	if _, ok := method.(*types.Func); !ok || !field.IsMethod() {
		return ""
	}
	return name
}

// fetch writes the code that assigns a field's value to v.
func (w *writer) fetch(object *codegen.Object, field *codegen.Field) string {
	const check = "\nif err != nil {\nr.failed = true\nreturn\n}"
	switch {
	case field.IsResolver:
		return fmt.Sprintf("call, ok := r.call(f).(func(%s) (%s, error))\nif !ok {\nr.failed = true\nreturn\n}\nv, err := call(obj)",
			w.typeName(object.Reference()), w.typeName(field.TypeReference.GO)) + check
	case field.IsMethod():
		args := ""
		if field.MethodHasContext {
			args = "r.ctx"
		}
		if field.NoErr {
			return fmt.Sprintf("v := obj.%s(%s)", field.GoFieldName, args)
		}
		return fmt.Sprintf("v, err := obj.%s(%s)", field.GoFieldName, args) + check
	}
	return "v := obj." + field.GoFieldName
}

// value writes the code that renders the value in a variable.
func (w *writer) value(ref *config.TypeReference, variable string, depth int) {
	if ref.IsSlice() {
		w.list(ref, variable, depth)
		return
	}
	if nilable(ref.GO) {
		w.null(ref, variable)
	}
	if compositeName(ref) != "" {
		w.line("r.render%s(f.selection, %s)", ref.Definition.Name, variable)
	} else {
		w.leaf(ref, dereferenced(ref.GO, variable))
	}
	if nilable(ref.GO) {
		w.line("}")
	}
}

// null writes the branch for null, and opens the branch for other values.
func (w *writer) null(ref *config.TypeReference, variable string) {
	w.line("if %s == nil {", variable)
	if ref.GQL.NonNull {
		w.line("r.failed = true\nreturn")
	} else {
		w.line("r.buf = append(r.buf, `null`...)")
	}
	w.line("} else {")
}

func (w *writer) list(ref *config.TypeReference, variable string, depth int) {
	if !ref.GQL.NonNull {
		w.line("if %s == nil {\nr.buf = append(r.buf, `null`...)\n} else {", variable)
	}
	element := fmt.Sprintf("e%d", depth)
	w.line("r.buf = append(r.buf, '[')")
	w.line("for i, %s := range %s {\nif i > 0 {\nr.buf = append(r.buf, ',')\n}", element, variable)
	w.value(ref.Elem(), element, depth+1)
	w.line("if r.failed {\nreturn\n}\n}\nr.buf = append(r.buf, ']')")
	if !ref.GQL.NonNull {
		w.line("}")
	}
}

func nilable(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Interface:
		return true
	}
	return false
}

func dereferenced(t types.Type, variable string) string {
	if _, ok := t.Underlying().(*types.Pointer); ok {
		return "*" + variable
	}
	return variable
}

// compositeName returns the name of the object, interface or union type behind the reference; "" for a leaf.
func compositeName(ref *config.TypeReference) string {
	switch ref.Definition.Kind {
	case ast.Object, ast.Interface, ast.Union:
		return ref.Definition.Name
	}
	return ""
}
