package main

import (
	"strings"

	"crm/db/entity"
	"crm/db/textkey"
)

// entities writes the code that follows from the declarations in package db.
func (w *writer) entities(s source) {
	w.line("import (\n\"crm/db/entity\"\n\"crm/db/store\"\n\"crm/db/textkey\"\n)\n")
	w.kinds(s.declarations)
	w.events(s.declarations)
	w.line("// catalog holds all declared entities.\nvar catalog = entity.NewCatalog(")
	for _, d := range s.declarations {
		w.line("%s,", d.variable)
	}
	w.line(")\n")
	w.repositories(s.declarations)
	for _, d := range s.documents {
		w.pointers(d)
		w.keys(d)
	}
	for _, d := range s.declarations {
		if d.kind != "" {
			w.globalIDs(d)
		}
	}
}

func (w *writer) kinds(declarations []declaration) {
	w.line("// The kinds of entities that have global ids.\nconst (")
	for _, d := range declarations {
		if d.kind != "" {
			w.line("Kind%s entity.Kind = %q", d.typeName, d.kind)
		}
	}
	w.line(")\n")
}

func (w *writer) events(declarations []declaration) {
	w.line("// The event types.\nconst (")
	for _, d := range declarations {
		if d.kind == "" {
			continue
		}
		for _, verb := range append([]string{entity.Created, entity.Updated, entity.Deleted}, d.verbs...) {
			w.line("Event%s%s = %q", d.typeName, strings.ToUpper(verb[:1])+verb[1:], entity.SnakeCase(entity.SchemaName(d.typeName))+"."+verb)
		}
	}
	w.line(")\n")
}

// repositories writes the fields of DB: exported readers, and unexported repositories.
func (w *writer) repositories(declarations []declaration) {
	w.line("// readers read the documents that a scope sees.\ntype readers struct {")
	for _, d := range declarations {
		if d.kind != "" {
			w.line("%s *entity.Reader[%s]", d.variable, d.typeName)
		}
	}
	w.line("}\n\n// repositories write documents.\ntype repositories struct {")
	for _, d := range declarations {
		if d.kind != "" {
			w.line("%s *entity.Repository[%s]", unexported(d.variable), d.typeName)
		}
	}
	w.line("}\n\nfunc newRepositories(d *entity.Database) (readers, repositories) {\nr := repositories{")
	for _, d := range declarations {
		if d.kind != "" {
			w.line("%s: entity.NewRepository[%s](d, %s),", unexported(d.variable), d.typeName, d.variable)
		}
	}
	w.line("}\nreturn readers{")
	for _, d := range declarations {
		if d.kind != "" {
			w.line("%s: r.%s.Reader,", d.variable, unexported(d.variable))
		}
	}
	w.line("}, r\n}\n")
}

// unexported returns a name that begins with a lower-case word.
func unexported(name string) string {
	name = entity.SchemaName(name)
	return strings.ToLower(name[:1]) + name[1:]
}

// pointers writes a document's method Pointers.
func (w *writer) pointers(d document) {
	w.line("// Pointers implements store.Document.\nfunc (d *%s) Pointers(into []any) []any {\nreturn append(into,", d.name)
	for _, f := range d.fields {
		if f.basic != "" {
			w.line("(*%s)(&d.%s),", f.basic, f.name)
		} else {
			w.line("&d.%s,", f.name)
		}
	}
	w.line(")\n}\n")
}

// keyFunctions are the functions that make a key of a text.
var keyFunctions = map[textkey.Kind]string{
	textkey.Folded: "textkey.Fold", textkey.Searched: "textkey.Search", textkey.Ordered: "keys.Order", textkey.Digits: "keys.Digits",
}

// keys writes a document's method SetKeys, if it has keys.
func (w *writer) keys(d document) {
	var lines []string
	for _, f := range d.fields {
		if f.keyOf == "" {
			continue
		}
		function := keyFunctions[f.keyKind]
		var value string
		switch {
		case f.keyKind == textkey.International:
			value = "keys.International(d." + f.keyOf + ")"
		case f.unique:
			value = "store.UniqueKey(textkey.UniqueAddress(d." + f.name + ", d." + f.keyOf + "), d.ID)"
		case f.optional:
			value = "textkey.Optional(d." + f.keyOf + ", " + function + ")"
		default:
			value = function + "(d." + f.keyOf + ")"
		}
		lines = append(lines, "d."+f.name+" = "+value)
	}
	if len(lines) > 0 {
		w.line("// SetKeys implements entity.Keyed.\nfunc (d *%s) SetKeys(keys *textkey.Keys) {\n%s\n}\n", d.name, strings.Join(lines, "\n"))
	}
}

func (w *writer) globalIDs(d declaration) {
	w.line("// GlobalID returns the id that clients use for the document.")
	w.line("func (d *%s) GlobalID() string { return Kind%s.GlobalID(d.ID) }\n", d.typeName, d.typeName)
	w.line("// AppendGlobalID appends what GlobalID returns.")
	w.line("func (d *%s) AppendGlobalID(buf []byte) []byte { return Kind%s.AppendGlobalID(buf, d.ID) }\n", d.typeName, d.typeName)
}
