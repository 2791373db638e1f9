package entity

import (
	"fmt"
	"strings"

	"crm/db/store"
)

// Catalog holds all definitions.
type Catalog struct {
	list         []*Definition
	byKind       map[Kind]*Definition
	byType       map[string]*Definition
	byEvent      map[string]*Definition
	byCollection map[*store.Collection]*Definition
	// withdrawn are the names of the grants that don't hold.
	withdrawn []string
}

// NewCatalog returns the catalog of these definitions. Their references and grants must name definitions in it.
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
				panic(fmt.Sprintf("%s.%s belongs to %s, which is not an entity", d.TypeName, reference.Field, reference.Owner))
			}
		}
		for _, copied := range d.Copies {
			c.ownerOf(d, copied).FieldIndex(copied.Source)
		}
		for _, grant := range d.Visible {
			if grant.through != "" {
				c.byType[grant.through].FieldIndex(grant.field)
			}
		}
	}
	return c
}

// Without returns the same catalog, but the optional grants of these names don't hold.
func (c *Catalog) Without(grants ...string) *Catalog {
	without := *c
	without.withdrawn = grants
	return &without
}

// All returns all definitions.
func (c *Catalog) All() []*Definition { return c.list }

// ByKind returns the definition with that prefix of global ids, or nil if there is none.
func (c *Catalog) ByKind(kind Kind) *Definition { return c.byKind[kind] }

// ByEvent returns the definition that an event type belongs to, or nil if there is none, and what happened.
func (c *Catalog) ByEvent(eventType string) (def *Definition, verb string) {
	name, verb, _ := strings.Cut(eventType, ".")
	return c.byEvent[name], verb
}

// ByType returns the definition of the Go type of that name, or nil if there is none.
func (c *Catalog) ByType(name string) *Definition { return c.byType[name] }

// Kept returns the collections whose documents are worth keeping in memory.
func (c *Catalog) Kept() []*store.Collection {
	var collections []*store.Collection
	for _, d := range c.list {
		if !d.Volatile {
			collections = append(collections, d.Collection)
		}
	}
	return collections
}

// Collections returns the collections of all definitions.
func (c *Catalog) Collections() []*store.Collection {
	collections := make([]*store.Collection, len(c.list))
	for i, d := range c.list {
		collections[i] = d.Collection
	}
	return collections
}
