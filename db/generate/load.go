package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"crm/db/textkey"
)

// source holds the declarations of a package.
type source struct {
	documents    []document
	declarations []declaration
}

// document is a struct whose fields are stored.
type document struct {
	name   string
	fields []field
}

// field is a stored field of a document.
type field struct {
	name string
	// basic is the basic type to which pointers to the field are converted if it has a named type.
	basic string
	// keyOf is the field whose key this one holds, unique whether its values must be unique, and optional whether it may
	// be missing.
	keyOf            string
	keyKind          textkey.Kind
	unique, optional bool
}

// declaration is an entity's declaration: `var Tickets = entity.Declare(entity.Declaration[Ticket]{…})`.
type declaration struct {
	variable, typeName, kind string
	verbs                    []string
}

// load reads a package, which needn't compile, since the generated code may be missing.
func load(path string) (source, error) {
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax |
		packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps}, path)
	if err != nil {
		return source{}, fmt.Errorf("cannot load %s: %w", path, err)
	}
	var s source
	for _, file := range loaded[0].Syntax {
		for _, decl := range file.Decls {
			general, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				if err := s.read(loaded[0], spec); err != nil {
					return source{}, err
				}
			}
		}
	}
	slices.SortFunc(s.documents, func(a, b document) int { return strings.Compare(a.name, b.name) })
	slices.SortFunc(s.declarations, func(a, b declaration) int { return strings.Compare(a.variable, b.variable) })
	return s, nil
}

func (s *source) read(pkg *packages.Package, spec ast.Spec) error {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		structure, ok := pkg.TypesInfo.Defs[spec.Name].Type().Underlying().(*types.Struct)
		if !ok {
			return nil
		}
		d, err := readDocument(spec.Name.Name, structure)
		if err == nil && len(d.fields) > 0 {
			s.documents = append(s.documents, d)
		}
		return err
	case *ast.ValueSpec:
		if len(spec.Names) == 1 && len(spec.Values) == 1 {
			if d, ok := readDeclaration(pkg.TypesInfo, spec.Names[0].Name, spec.Values[0]); ok {
				s.declarations = append(s.declarations, d)
			}
		}
	}
	return nil
}

func readDocument(name string, structure *types.Struct) (document, error) {
	d := document{name: name}
	for i := range structure.NumFields() {
		tag := reflect.StructTag(structure.Tag(i))
		if _, ok := tag.Lookup("db"); !ok {
			continue
		}
		variable := structure.Field(i)
		f := field{name: variable.Name()}
		t := variable.Type()
		if pointer, ok := t.(*types.Pointer); ok {
			t, f.optional = pointer.Elem(), true
		}
		if named, ok := t.(*types.Named); ok {
			if basic, ok := named.Underlying().(*types.Basic); ok {
				if f.optional {
					return document{}, fmt.Errorf("%s.%s: a field that may be missing can't have type %s", name, f.name, named)
				}
				f.basic = basic.Name()
			}
		}
		of, options, _ := strings.Cut(tag.Get("key"), ",")
		kind, unique, _ := strings.Cut(options, ",")
		f.keyOf, f.keyKind, f.unique = of, textkey.Kind(kind), unique != ""
		d.fields = append(d.fields, f)
	}
	return d, nil
}

func readDeclaration(info *types.Info, variable string, value ast.Expr) (declaration, bool) {
	call, ok := value.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 || types.ExprString(call.Fun) != "entity.Declare" {
		return declaration{}, false
	}
	literal, ok := call.Args[0].(*ast.CompositeLit)
	if !ok {
		return declaration{}, false
	}
	generic, ok := literal.Type.(*ast.IndexExpr)
	if !ok {
		return declaration{}, false
	}
	d := declaration{variable: variable, typeName: types.ExprString(generic.Index)}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch types.ExprString(pair.Key) {
		case "Kind":
			d.kind = texts(info, pair.Value)[0]
		case "Verbs":
			d.verbs = texts(info, pair.Value)
		}
	}
	return d, true
}

// texts returns the constant strings in an expression.
func texts(info *types.Info, expr ast.Expr) []string {
	var found []string
	ast.Inspect(expr, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			if value := info.Types[e].Value; value != nil && value.Kind() == constant.String {
				found = append(found, constant.StringVal(value))
				return false
			}
		}
		return true
	})
	return found
}
