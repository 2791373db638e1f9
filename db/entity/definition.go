// Package entity is what all entities have in common: how one is declared, who sees it, and how it is read, paged, changed,
// deleted and told of. It knows no particular entity; package db declares them.
package entity

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"crm/auth"
	"crm/db/store"
)

// Declaration says what a person has to decide about the documents of type T; everything else follows from T's tags.
//
// The tag db names the stored field: `db:"status,few"`. Its options are few (a few values that many documents share), and
// secret or personal (no event tells the value). The tag default is what a stored document that lacks the field is read
// as. The tag folds names the text field that this one repeats in the form that is compared regardless of case. The tag
// belongs says whose the document is; see Reference.
type Declaration[T any] struct {
	// Kind is the prefix of global ids; it is empty for documents that clients can't name.
	Kind Kind
	// Name is the collection's name, and in camel case that of the list in the API.
	Name string
	// Noun is what the entity is called in messages.
	Noun string
	// Visible says who sees a document, besides admins, who see all.
	Visible []Grant
	// DefaultOrder is that of lists; newest first if it is empty.
	DefaultOrder []store.Sort
	// Verbs are what may happen to a document besides created, updated and deleted.
	Verbs []string
	// Computed names the stored fields that a computed field of the API is made of.
	Computed map[string][]string
	// Filters are the conditions of the API that don't simply compare the field of that name.
	Filters map[string]Condition
	// Restricted are the fields that only an admin may filter by.
	Restricted []string
	// Redact removes from a document what the scope may not see of it.
	Redact func(doc *T, scope auth.Scope)
	// Indexes are those that both engines build.
	Indexes []store.Index
	// Searched are the text fields that OpContains has an index for.
	Searched []string
}

// Condition is a filter with true or false as its input.
type Condition struct {
	// Field is null where the input is true.
	NullField string
}

// Definition is what is declared of an entity, apart from its Go type.
type Definition struct {
	*store.Collection
	Kind Kind
	Noun string
	// Type is the Go type of a document, TypeName its name.
	Type         reflect.Type
	TypeName     string
	Visible      []Grant
	DefaultOrder []store.Sort
	Verbs        []string
	Computed     map[string][]string
	Filters      map[string]Condition
	Restricted   []string
	References   []Reference
	// Folded has for a text field the field that repeats it folded.
	Folded map[string]string

	// By field: unlogged are those whose values no event tells, derived those whose change
	// follows from others.
	unlogged, derived []bool
	redact            any
}

// maxFields is how many fields a store.Fields can choose from.
const maxFields = 64

// Declare returns the definition of the documents of type T. What is wrong with a declaration is a fault of the program,
// so it panics, as the program starts.
func Declare[T any](d Declaration[T]) *Definition {
	t := reflect.TypeFor[T]()
	def := &Definition{
		Collection: &store.Collection{Name: d.Name, Fields: store.FieldsOf(t), Indexes: d.Indexes, Searched: d.Searched},
		Kind:       d.Kind, Noun: d.Noun, Type: t, TypeName: t.Name(), Visible: d.Visible, DefaultOrder: d.DefaultOrder, Verbs: d.Verbs,
		Computed: d.Computed, Filters: d.Filters, Restricted: d.Restricted, Folded: make(map[string]string), redact: d.Redact,
	}
	if len(def.Fields) > maxFields {
		panic(fmt.Sprintf("%s has %d fields, more than the %d that there can be", def.TypeName, len(def.Fields), maxFields))
	}
	for i := range t.NumField() {
		def.readTags(t, t.Field(i))
	}
	def.checkNames()
	return def
}

func (d *Definition) readTags(t reflect.Type, field reflect.StructField) {
	tag, ok := field.Tag.Lookup("db")
	if !ok {
		return
	}
	name, options, _ := strings.Cut(tag, ",")
	list := strings.Split(options, ",")
	folds, isFolded := field.Tag.Lookup("folds")
	d.derived = append(d.derived, isFolded || name == "version" || name == "updated_at")
	d.unlogged = append(d.unlogged, isFolded || slices.Contains(list, "secret") || slices.Contains(list, "personal"))
	if isFolded {
		original, _, _ := strings.Cut(folds, ",")
		of, ok := t.FieldByName(original)
		if !ok {
			panic(fmt.Sprintf("%s.%s folds %s, which is no field", d.TypeName, field.Name, original))
		}
		plain, _, _ := strings.Cut(of.Tag.Get("db"), ",")
		d.Folded[plain] = name
	}
	for belongs := range strings.FieldsSeq(field.Tag.Get("belongs")) {
		d.References = append(d.References, parseReference(name, belongs))
	}
}

// checkNames panics where a name in the declaration is none of a field.
func (d *Definition) checkNames() {
	for _, grant := range d.Visible {
		if grant.field != "" && grant.through == "" {
			d.FieldIndex(grant.field)
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
	d.Select(d.Restricted...)
	for _, index := range d.Indexes {
		for _, key := range index.Keys {
			d.FieldIndex(key.Field)
		}
	}
	d.Select(d.Searched...)
}

// Event returns the type of the event that says that this happened to a document: "customer_note.created".
func (d *Definition) Event(verb string) string {
	return SnakeCase(d.TypeName) + "." + verb
}

// has reports whether the documents have a field of that name.
func (d *Definition) has(name string) bool {
	_, ok := d.Field(name)
	return ok
}

// Catalog is all definitions that there are.
type Catalog struct {
	list         []*Definition
	byKind       map[Kind]*Definition
	byType       map[string]*Definition
	byEvent      map[string]*Definition
	byCollection map[*store.Collection]*Definition
}

// NewCatalog returns the catalog of these definitions, whose references and grants have to lead to each other.
func NewCatalog(definitions ...*Definition) *Catalog {
	c := &Catalog{
		list: definitions, byKind: make(map[Kind]*Definition), byType: make(map[string]*Definition),
		byEvent:      make(map[string]*Definition),
		byCollection: make(map[*store.Collection]*Definition),
	}
	for _, d := range definitions {
		c.byType[d.TypeName], c.byCollection[d.Collection] = d, d
		if d.Kind != "" {
			c.byKind[d.Kind], c.byEvent[SnakeCase(d.TypeName)] = d, d
		}
	}
	for _, d := range definitions {
		for _, reference := range d.References {
			if c.byType[reference.Owner] == nil {
				panic(fmt.Sprintf("%s.%s belongs to %s, which is no entity", d.TypeName, reference.Field, reference.Owner))
			}
		}
		for _, grant := range d.Visible {
			if grant.through != "" {
				c.byType[grant.through].FieldIndex(grant.field)
			}
		}
	}
	return c
}

// All returns all definitions.
func (c *Catalog) All() []*Definition { return c.list }

// ByKind returns the definition with that prefix of global ids, or nil if there is none.
func (c *Catalog) ByKind(kind Kind) *Definition { return c.byKind[kind] }

// ByEvent returns the definition that a type of event belongs to, or nil if there is none, and what happened.
func (c *Catalog) ByEvent(eventType string) (def *Definition, verb string) {
	name, verb, _ := strings.Cut(eventType, ".")
	return c.byEvent[name], verb
}

// ByType returns the definition of the Go type of that name, or nil if there is none.
func (c *Catalog) ByType(name string) *Definition { return c.byType[name] }

// Collections returns where the documents of all definitions are stored.
func (c *Catalog) Collections() []*store.Collection {
	collections := make([]*store.Collection, len(c.list))
	for i, d := range c.list {
		collections[i] = d.Collection
	}
	return collections
}
