package mongo

import (
	"fmt"
	"slices"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// The engine's own fields, beside the declared ones. No Find returns them.
const (
	// pendingField is the array of pending events: store.Event's fields without seq.
	pendingField = "pending"
	// pendingAtField is the time of the first of them. It is set as long as MoveEvents has to visit the document.
	pendingAtField = "pending_at"
	// deletedAtField marks a deleted document whose events haven't been moved yet.
	deletedAtField = "deleted_at"
	seqField       = "seq"
	// typedField is the typed copy of a document in which another program stored values of other types: all declared
	// fields, for queries and reads. For a document that can't be read, it holds only problemField.
	typedField   = "typed"
	problemField = "problem"
	idField      = "_id"
)

// layout caches what the engine needs to know about a collection.
type layout struct {
	*store.Collection
	index      map[string]int
	projection bson.D
	// prefix precedes the names of fields in queries: that of the typed copies, or none.
	prefix string
	// typed is the layout of the typed copies in a shared collection, nil in others.
	typed *layout
	// hasTyped is set once there are typed copies. Until then, queries needn't care.
	hasTyped atomic.Bool
	// searchable is set once all documents have the trigrams of their searched fields.
	searchable atomic.Bool
}

func (s *Store) layout(c *store.Collection) (*layout, error) {
	known, _ := s.layouts.Load(c)
	if l, ok := known.(*layout); ok {
		return l, nil
	}
	l, err := newLayout(c)
	if err != nil {
		return nil, err
	}
	known, _ = s.layouts.LoadOrStore(c, l)
	return known.(*layout), nil
}

func newLayout(c *store.Collection) (*layout, error) {
	l := &layout{Collection: c, index: make(map[string]int, len(c.Fields))}
	if c.Shared {
		l.typed = &layout{Collection: c, index: l.index, prefix: typedField + "."}
	}
	if len(c.Fields) == 0 || c.Fields[0].Name != idField {
		return nil, fmt.Errorf("cannot use collection %s: its first field is not _id", c.Name)
	}
	for i, f := range c.Fields {
		if slices.Contains([]string{pendingField, pendingAtField, deletedAtField, typedField}, f.Name) {
			return nil, fmt.Errorf("cannot use collection %s: field %s is reserved for the engine", c.Name, f.Name)
		}
		l.index[f.Name] = i
		l.projection = append(l.projection, bson.E{Key: f.Name, Value: 1})
		if l.typed != nil {
			l.typed.projection = append(l.typed.projection, bson.E{Key: l.typed.path(f.Name), Value: 1})
		}
	}
	return l, nil
}

// path returns the name of a field in queries.
func (l *layout) path(field string) string { return l.prefix + field }

// variants returns the layouts in which documents have to be looked for.
func (l *layout) variants() []*layout {
	if l.typed != nil && l.hasTyped.Load() {
		return []*layout{l, l.typed}
	}
	return []*layout{l}
}

// projectionOf returns the projection of some fields; MongoDB adds the _id itself.
func (l *layout) projectionOf(fields store.Fields, more ...string) bson.D {
	if fields == 0 {
		return l.projection
	}
	for _, d := range l.Derived { // to see whether it is up to date
		if fields.Has(l.index[d.Field]) {
			fields |= l.Select(d.From)
		}
	}
	var projection bson.D
	for i, f := range l.Fields {
		if fields.Has(i) || slices.Contains(more, f.Name) {
			projection = append(projection, bson.E{Key: l.path(f.Name), Value: 1})
		}
	}
	return projection
}

// takesEvents reports whether documents may hold pending events, and so the engine's fields.
func (l *layout) takesEvents() bool { return l.Name != store.Events.Name }

// field returns the declaration of a field, or an error if there is none.
func (l *layout) field(name string) (store.Field, error) {
	i, ok := l.index[name]
	if !ok {
		return store.Field{}, fmt.Errorf("collection %s has no field %q", l.Name, name)
	}
	return l.Fields[i], nil
}

// live narrows a filter to documents that aren't deleted.
func (l *layout) live(filter bson.D) bson.D {
	if !l.takesEvents() {
		return filter
	}
	filter = append(slices.Clip(filter), bson.E{Key: deletedAtField, Value: nil})
	switch {
	case l.prefix != "":
		return all(filter, bson.D{{Key: l.path(idField), Value: bson.D{{Key: "$exists", Value: true}}}})
	case l.hasTyped.Load():
		return append(filter, bson.E{Key: typedField, Value: nil})
	}
	return filter
}

// byID returns the filter of the one live document that has that id and matches where.
func (l *layout) byID(id store.ID, where bson.D) bson.D {
	filter := bson.D{{Key: idField, Value: bson.ObjectID(id)}}
	if len(where) > 0 {
		filter = append(filter, bson.E{Key: "$and", Value: bson.A{where}})
	}
	return l.live(filter)
}

// uniqueFields returns the fields of unique indexes.
func (l *layout) uniqueFields() []string {
	var fields []string
	for _, index := range l.Indexes {
		for _, key := range index.Keys {
			if index.Unique && key.Field != idField && !slices.Contains(fields, key.Field) {
				fields = append(fields, key.Field)
			}
		}
	}
	if l.prefix != "" {
		for _, field := range fields[:len(fields):len(fields)] {
			fields = append(fields, l.path(field))
		}
	}
	return fields
}
