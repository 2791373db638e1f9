// Package entity is what all entities have in common: how they are declared, who sees them, and how they are read,
// paged, changed and deleted, and their events. It knows no particular entity; package db declares them.
package entity

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"crm/auth"
	"crm/db/store"
	"crm/db/textkey"
)

// Declaration holds what the tags of T can't say about the documents of type T.
//
// The tag db names the stored field: `db:"status,few"`. Its options are few (a few values that many documents share),
// secret or personal (events don't contain the value), and serial (a number for people; see serial). The tag default is
// the value read from a stored document that lacks the field; for values and fallback, see store.FieldsOf. The tag key names
// the text field whose key this field holds, and the kind of key: `key:"Name,fold"`; a third option, unique, says that no
// two documents have the same, except an empty one. The tag belongs names the owner of the document; see Reference. The tag
// copies names the owner's field that this one copies; see Copy.
type Declaration[T any] struct {
	// Kind is the prefix of global ids; it is empty for documents without a global id.
	Kind Kind
	// Name is the collection's name, and in camel case the name of the list in the API.
	Name string
	// Noun is what the entity is called in messages.
	Noun string
	// Visible says who sees a document besides admins, who see all documents.
	Visible []Grant
	// DefaultOrder is the default order of lists; newest first if it is empty.
	DefaultOrder []store.Sort
	// Verbs say what may happen to a document besides created, updated and deleted.
	Verbs []string
	// Computed names the stored fields that a computed field of the API needs.
	Computed map[string][]string
	// Filters are the conditions of the API that don't simply compare the field of that name.
	Filters map[string]Condition
	// Restricted are the fields that not everybody may filter by: only admins, or only staff (auth.User).
	Restricted map[string]auth.Role
	// Redact clears the fields of a document that the scope may not see.
	Redact func(doc *T, scope auth.Scope)
	// Derive sets the fields that follow from others. It is called before a document is written, whoever changed it.
	Derive func(doc *T)
	// Indexes are the indexes that both engines build.
	Indexes []store.Index
	// Searched are the text fields that OpContains has an index for.
	Searched []string
	// Volatile says that documents are written about as often as they are read, so that keeping them in memory is of no use.
	Volatile bool
	// Required are groups of fields, for a collection that the old application writes to as well: a document without a
	// value for any field of a group is left out.
	Required [][]string
}

// Condition is a filter whose input is true or false.
type Condition struct {
	// NullField names the field that is null if the input is true.
	NullField string
}

// Definition is the declaration of an entity without its type parameter.
type Definition struct {
	*store.Collection
	Kind Kind
	Noun string
	// Type is the Go type of a document. TypeName is its name in the schema: ApiKey for the Go type APIKey.
	Type         reflect.Type
	TypeName     string
	Visible      []Grant
	DefaultOrder []store.Sort
	Verbs        []string
	Computed     map[string][]string
	Filters      map[string]Condition
	Restricted   map[string]auth.Role
	Volatile     bool
	References   []Reference
	Copies       []Copy
	// KeyFields are the fields that hold keys of other fields.
	KeyFields []KeyField
	// Serial is the field with the number for people; it is empty if there is none.
	Serial string

	// By field index: unlogged marks fields whose values events don't contain, derived marks fields whose changes
	// follow from those of other fields.
	unlogged, derived []bool
	redact, derive    any
}

// KeyField is a field that holds a key of the text in another field.
type KeyField struct {
	Name, Of string
	Kind     textkey.Kind
	Unique   bool
}

// maxFields is the number of fields that store.Fields has bits for.
const maxFields = 64

// Declare returns the definition of the documents of type T. A wrong declaration is a programming error, so it panics
// when the program starts.
func Declare[T any](d Declaration[T]) *Definition {
	t := reflect.TypeFor[T]()
	def := &Definition{
		Collection: &store.Collection{
			Name: d.Name, Fields: store.FieldsOf(t), Indexes: d.Indexes, Searched: d.Searched,
			Shared: len(d.Required) > 0, Required: d.Required,
		},
		Kind: d.Kind, Noun: d.Noun, Type: t, TypeName: SchemaName(t.Name()), Visible: d.Visible, DefaultOrder: d.DefaultOrder, Verbs: d.Verbs,
		Computed: d.Computed, Filters: d.Filters, Restricted: d.Restricted, Volatile: d.Volatile, redact: d.Redact, derive: d.Derive,
	}
	if len(def.Fields) > maxFields {
		panic(fmt.Sprintf("%s has %d fields, more than the maximum of %d", def.TypeName, len(def.Fields), maxFields))
	}
	for i := range t.NumField() {
		def.readTags(t, t.Field(i))
	}
	def.checkNames()
	for _, reference := range def.References {
		if def.Kind == "" && reference.OnDelete == Detach {
			panic(fmt.Sprintf("%s.%s can't be detached: %s have no events", def.TypeName, reference.Field, def.Name))
		}
	}
	return def
}

// initialisms are the words that Go's names have in capitals, and the schema's names don't.
var initialisms = strings.NewReplacer("API", "Api")

// SchemaName returns the name in the schema of the type with that Go name.
func SchemaName(goName string) string { return initialisms.Replace(goName) }

func (d *Definition) readTags(t reflect.Type, field reflect.StructField) {
	tag, ok := field.Tag.Lookup("db")
	if !ok {
		return
	}
	name, options, _ := strings.Cut(tag, ",")
	list := strings.Split(options, ",")
	key, isKey := field.Tag.Lookup("key")
	d.derived = append(d.derived, isKey || name == "version" || name == "updated_at")
	d.unlogged = append(d.unlogged, isKey || slices.Contains(list, "secret") || slices.Contains(list, "personal"))
	if slices.Contains(list, "serial") {
		d.Serial = name
	}
	if isKey {
		parsed := d.parseKey(t, name, key)
		d.KeyFields = append(d.KeyFields, parsed)
		d.Derived = append(d.Derived, parsed.derived())
	}
	if copied, ok := field.Tag.Lookup("copies"); ok {
		d.Copies = append(d.Copies, parseCopy(name, copied))
	}
	for belongs := range strings.FieldsSeq(field.Tag.Get("belongs")) {
		d.References = append(d.References, parseReference(name, belongs))
	}
}

func (d *Definition) parseKey(t reflect.Type, name, tag string) KeyField {
	of, options, _ := strings.Cut(tag, ",")
	kind, unique, _ := strings.Cut(options, ",")
	original, ok := t.FieldByName(of)
	if !ok || !slices.Contains(textkey.Kinds, textkey.Kind(kind)) || unique != "" && unique != "unique" {
		panic(fmt.Sprintf("%s.%s has the tag %q, want a field and a kind of key", d.TypeName, name, tag))
	}
	plain, _, _ := strings.Cut(original.Tag.Get("db"), ",")
	return KeyField{Name: name, Of: plain, Kind: textkey.Kind(kind), Unique: unique != ""}
}

// derived declares the key to the engine.
func (k KeyField) derived() store.Derived {
	derived := store.Derived{Field: k.Name, From: k.Of, Kind: string(k.Kind), Unique: k.Unique}
	switch {
	case k.Unique:
		derived.Of = textkey.UniqueAddress
	case k.Kind == textkey.Folded:
		derived.Of = func(_, text string) string { return textkey.Fold(text) }
	case k.Kind == textkey.Searched:
		derived.Of = func(_, text string) string { return textkey.Search(text) }
	}
	return derived
}

// KeyOf returns the name of the field that holds a key of that kind of a text field, or "" if there is none.
func (d *Definition) KeyOf(field string, kind textkey.Kind) string {
	for _, key := range d.KeyFields {
		if key.Of == field && key.Kind == kind {
			return key.Name
		}
	}
	return ""
}

// checkNames panics if a name in the declaration is not the name of a field.
func (d *Definition) checkNames() {
	for _, grant := range d.Visible {
		if grant.field != "" && grant.through == "" {
			d.FieldIndex(grant.field)
		}
		for _, condition := range grant.conditions {
			d.FieldIndex(condition.field)
		}
	}
	for _, sort := range d.DefaultOrder {
		d.FieldIndex(sort.Field)
	}
	for _, fields := range d.Computed {
		d.Select(fields...)
	}
	for _, condition := range d.Filters {
		d.FieldIndex(condition.NullField)
	}
	d.Select(slices.Collect(maps.Keys(d.Restricted))...)
	for _, index := range d.Indexes {
		for _, key := range index.Keys {
			d.FieldIndex(key.Field)
		}
	}
	d.Select(d.Searched...)
	for _, group := range d.Required {
		d.Select(group...)
	}
}

// Event returns an event's type, given what happened to a document: "customer_note.created".
func (d *Definition) Event(verb string) string {
	return SnakeCase(d.TypeName) + "." + verb
}

// has reports whether the documents have a field of that name.
func (d *Definition) has(name string) bool {
	_, ok := d.Field(name)
	return ok
}
