package main

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/textkey"
)

// model combines the schema with the declarations of entities. newModel finds all mismatches, before anything is generated.
type model struct {
	schema   *ast.Schema
	settings *config.Config
	entities []*entityModel
	problems []string
}

// entityModel is an entity and its types in the schema.
type entityModel struct {
	*entity.Definition
	// object is the entity's type; list and changed are its fields of Query and Subscription, or nil.
	object        *ast.Definition
	list, changed *ast.FieldDefinition
	// variable is the name of its definition and of its reader in package db: "Tickets".
	variable string
	lists    []listField
	owners   []ownerField
	// scoped are the fields that a method of the document computes from the viewer's scope.
	scoped []*ast.FieldDefinition
}

// listField is a connection of an entity that belongs to another.
type listField struct {
	field *ast.FieldDefinition
	child *entityModel
	// reference is the child's stored field that holds the owner's id.
	reference string
}

// ownerField is a field of an entity that leads to its owner.
type ownerField struct {
	field *ast.FieldDefinition
	owner *entityModel
	// reference is the stored field that holds the owner's id, goField its name in Go.
	reference, goField string
	optional           bool
}

// link is a list of an entity whose elements don't belong to it: other documents, without a type in the schema, each link one of
// its documents with one of another entity.
type link struct {
	links  *entity.Definition
	target *entityModel
	// from and to are the links' stored fields with the ids of the two.
	from, to string
}

// newModel reads the schema and the declarations.
func newModel(settings *config.Config) (*model, error) {
	schema, err := gqlparser.LoadSchema(settings.Sources...)
	if err != nil {
		return nil, fmt.Errorf("cannot read the schema: %w", err)
	}
	m := &model{schema: schema, settings: settings}
	for _, def := range db.Catalog().All() {
		object := schema.Types[def.TypeName]
		if def.Kind == "" || object == nil {
			continue
		}
		e := &entityModel{Definition: def, object: object, variable: templates.ToGo(def.Name)}
		e.list = schema.Query.Fields.ForName(entity.CamelCase(def.Name))
		e.changed = schema.Subscription.Fields.ForName(lowerFirst(def.TypeName) + "Changed")
		m.entities = append(m.entities, e)
	}
	for _, e := range m.entities {
		for _, field := range e.object.Fields {
			m.classify(e, field)
		}
	}
	m.check()
	if len(m.problems) > 0 {
		return nil, fmt.Errorf("schema.graphqls and the declarations in package db don't match:\n%s", strings.Join(m.problems, "\n"))
	}
	return m, nil
}

func (m *model) problem(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

func (m *model) entity(typeName string) *entityModel {
	for _, e := range m.entities {
		if e.TypeName == typeName {
			return e
		}
	}
	return nil
}

// classify determines how a field of an entity gets its value.
func (m *model) classify(e *entityModel, field *ast.FieldDefinition) {
	for _, child := range m.entities {
		for _, reference := range child.References {
			if reference.Owner == e.TypeName && reference.List == field.Name && field.Type.Name() == child.TypeName+"Connection" {
				e.lists = append(e.lists, listField{field, child, reference.Field})
				return
			}
		}
	}
	for _, reference := range e.References {
		owner := m.entity(reference.Owner)
		if reference.Name() == field.Name && owner != nil && field.Type.Name() == reference.Owner {
			stored, _ := e.Field(reference.Field)
			e.owners = append(e.owners, ownerField{field, owner, reference.Field, e.goField(reference.Field), stored.Nullable})
			return
		}
	}
	if method, ok := reflect.PointerTo(e.Type).MethodByName(templates.ToGo(field.Name)); ok &&
		method.Type.NumIn() == 2 && method.Type.In(1) == reflect.TypeFor[auth.Scope]() {
		e.scoped = append(e.scoped, field)
	}
}

// link returns the list of that name, whose elements have that type.
func (m *model) link(e *entityModel, list, typeName string) (link, bool) {
	for _, links := range db.Catalog().All() {
		for _, from := range links.References {
			if from.Owner != e.TypeName || from.List != list || m.entity(links.TypeName) != nil {
				continue
			}
			for _, to := range links.References {
				if target := m.entity(to.Owner); target != nil && to.Owner == typeName {
					return link{links, target, from.Field, to.Field}, true
				}
			}
		}
	}
	return link{}, false
}

// goField returns the name of the Go field that holds a stored field.
func (e *entityModel) goField(stored string) string {
	for i := range e.Type.NumField() {
		name, _, _ := strings.Cut(e.Type.Field(i).Tag.Get("db"), ",")
		if name == stored {
			return e.Type.Field(i).Name
		}
	}
	return ""
}

// storedFields returns the stored fields from which a field of the entity's type is computed.
func (e *entityModel) storedFields(field *ast.FieldDefinition) ([]string, bool) {
	for _, list := range e.lists {
		if list.field == field {
			return nil, true
		}
	}
	for _, owner := range e.owners {
		if owner.field == field {
			return []string{owner.reference}, true
		}
	}
	if computed, ok := e.Computed[field.Name]; ok {
		return computed, true
	}
	if field.Name == "id" {
		return nil, true
	}
	stored, ok := e.Field(entity.SnakeCase(field.Name))
	return []string{stored.Name}, ok
}

// check collects the mismatches.
func (m *model) check() {
	for _, e := range m.entities {
		for _, field := range e.object.Fields {
			if _, ok := e.storedFields(field); !ok && !strings.HasPrefix(field.Name, "__") {
				m.problem("%s.%s: no stored field is called %s; if it is computed, list its stored fields in Computed of the declaration of %s",
					e.TypeName, field.Name, entity.SnakeCase(field.Name), e.TypeName)
			}
		}
		for _, reference := range e.References {
			owner := m.entity(reference.Owner)
			if reference.List == "" || owner == nil {
				continue
			}
			if field := owner.object.Fields.ForName(reference.List); field == nil || field.Type.Name() != e.TypeName+"Connection" {
				m.problem("%s.%s belongs to %s.%s, which is no %sConnection in the schema",
					e.TypeName, e.goField(reference.Field), reference.Owner, reference.List, e.TypeName)
			}
		}
		m.checkWhere(e)
		m.checkOrder(e)
	}
}

func (m *model) checkWhere(e *entityModel) {
	where := m.schema.Types[e.TypeName+"Where"]
	if where == nil {
		return
	}
	for _, field := range where.Fields {
		if _, err := m.condition(e, field); err != nil {
			m.problem("%sWhere.%s: %s", e.TypeName, field.Name, err)
		}
	}
}

func (m *model) checkOrder(e *entityModel) {
	if order := m.schema.Types[e.TypeName+"OrderField"]; order != nil {
		for _, value := range order.EnumValues {
			if !e.stores(strings.ToLower(value.Name)) {
				m.problem("%s.%s: no stored field is called %s", order.Name, value.Name, strings.ToLower(value.Name))
			}
		}
	}
}

func (e *entityModel) stores(name string) bool {
	_, ok := e.Field(name)
	return ok
}

// orderedField returns the stored field that is used to sort by the named one.
func (e *entityModel) orderedField(name string) string {
	return cmp.Or(e.KeyOf(name, textkey.Ordered), e.KeyOf(name, textkey.Folded), name)
}

// deletedCounts returns the counts in the payload of the mutation that deletes an entity.
func (m *model) deletedCounts(e *entityModel) []*ast.FieldDefinition {
	payload := m.schema.Types["Delete"+e.TypeName+"Payload"]
	if payload == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(payload.Fields), func(f *ast.FieldDefinition) bool { return f.Type.Name() != "Int" })
}

// goName returns the name of the Go type of the entity.
func (e *entityModel) goName() string { return e.Type.Name() }

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }
