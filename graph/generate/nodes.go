package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/codegen/templates"
	graphql "github.com/vektah/gqlparser/v2/ast"
)

// projections writes which stored fields each field of the entities' types needs.
func (m *model) projections(w *writer) {
	w.line("// projections lists the stored fields that each field of an entity's type needs.")
	w.line("var projections = map[*entity.Definition]projection{")
	for _, e := range m.entities {
		w.line("db.%s: {%q, choose(db.%s, map[string][]string{", e.variable, e.TypeName, e.variable)
		for _, field := range e.object.Fields {
			if stored, ok := e.storedFields(field); ok && !strings.HasPrefix(field.Name, "__") {
				w.line("%q: {%s},", field.Name, quoted(stored))
			}
		}
		w.line("})},")
	}
	w.line("}\n")
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(out, ", ")
}

// nodes writes the functions that read documents by global id.
func (m *model) nodes(w *writer, written map[string]bool) {
	w.line("// nodeOf reads the document with this kind and id.")
	w.line("func (r queryResolver) nodeOf(ctx context.Context, kind entity.Kind, id store.ID) (graph.Node, error) {\nswitch kind {")
	for _, e := range m.entities {
		w.line("case db.Kind%s:", e.goName())
		if written["queryResolver."+lowerFirst(e.TypeName)+"Node"] {
			w.line("return r.%sNode(ctx, id)", lowerFirst(e.TypeName))
		} else {
			w.line("return projected(ctx, r.db.%s).Get(ctx, scopeOf(ctx), id)", e.variable)
		}
	}
	w.line("}\nreturn nil, store.Errorf(store.NotFound, \"there is no such object\")\n}\n")
	w.line("// nodesOfKind reads the documents of a kind with these ids that the viewer may see.")
	w.line("func (r queryResolver) nodesOfKind(ctx context.Context, kind entity.Kind, ids []store.ID) (map[store.ID]graph.Node, error) {\nswitch kind {")
	for _, e := range m.entities {
		w.line("case db.Kind%s:", e.goName())
		if written["queryResolver."+lowerFirst(e.TypeName)+"Nodes"] {
			w.line("return r.%sNodes(ctx, ids)", lowerFirst(e.TypeName))
		} else {
			w.line("return nodesOf(ctx, r.db.%s, ids)", e.variable)
		}
	}
	w.line("}\nreturn map[store.ID]graph.Node{}, nil\n}\n")
}

// handWritten returns the hand-written methods in a folder, as "type.name".
func handWritten(folder string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", folder, err)
	}
	methods := make(map[string]bool)
	for _, name := range files {
		if strings.HasSuffix(name, "_gen.go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", name, err)
		}
		for _, decl := range file.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok || function.Recv == nil {
				continue
			}
			if receiver, ok := function.Recv.List[0].Type.(*ast.Ident); ok {
				methods[receiver.Name+"."+function.Name.Name] = true
			}
		}
	}
	return methods, nil
}

// handWrittenFields writes which fields of queries are resolved by hand-written methods: those of resolvers, or those of documents that
// compute something for the viewer.
func (m *model) handWrittenFields(w *writer, written map[string]bool) {
	var fields []string
	for _, e := range m.entities {
		for _, field := range e.scoped {
			fields = append(fields, strconv.Quote(e.TypeName+"."+field.Name))
		}
	}
	for _, name := range sortedNames(m.schema.Types) {
		object := m.schema.Types[name]
		if object.Kind != graphql.Object || object == m.schema.Mutation || object == m.schema.Subscription {
			continue
		}
		for _, field := range object.Fields {
			if written[lowerFirst(name)+"Resolver."+templates.ToGo(field.Name)] {
				fields = append(fields, strconv.Quote(name+"."+field.Name))
			}
		}
	}
	slices.Sort(fields)
	fields = slices.Compact(fields)
	w.line("// isHandWritten reports whether a hand-written method resolves a field of an object type.")
	w.line("func isHandWritten(object, field string) bool {\nswitch object + \".\" + field {\ncase %s:\nreturn true\n}\nreturn false\n}\n",
		strings.Join(fields, ",\n"))
}

func sortedNames[T any](byName map[string]T) []string { return slices.Sorted(maps.Keys(byName)) }
