package db

import (
	"context"
	"fmt"
	"strings"
	"time"

	"crm/auth"
	"crm/db/store"
)

// keyed is a document that stores folded keys beside some of its fields.
type keyed interface {
	store.Document
	// setKeys makes the keys match the fields.
	setKeys()
}

// change is what an update makes of a document.
type change struct {
	// event is the type of the event that tells of it.
	event string
	// data is what the event tells, but for the names of the changed fields.
	data EventData
}

// updateTries is how often an update that names no version starts anew when others change the document meanwhile.
const updateTries = 5

// update changes the document with that id as edit does: edit gets a copy of what is stored, changes it, and says what
// happened. The document and its event are written together, provided nobody changed the document meanwhile. An edit
// that changes nothing writes nothing. If expected is given and isn't the stored version, the update is a CONFLICT.
func (e *Entities[T]) update(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, edit func(next *T) (change, error),
) (*T, error) {
	for range updateTries {
		next, err := e.tryUpdate(ctx, scope, id, expected, edit)
		if err == nil || store.CodeOf(err) != store.NotFound || next == nil {
			return next, err
		}
	}
	return nil, store.Errorf(store.Conflict, "the %s is being changed by others; try again", kindNouns[e.kind])
}

// tryUpdate is one try of update. If somebody was faster it returns a document and NOT_FOUND.
func (e *Entities[T]) tryUpdate(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, edit func(next *T) (change, error),
) (*T, error) {
	current, err := e.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if err := e.expectVersion(current, expected); err != nil {
		return nil, err
	}
	next := new(T)
	*next = *current
	what, err := edit(next)
	if err != nil {
		return nil, err
	}
	set, names := e.difference(current, next)
	if len(set) == 0 {
		return current, nil
	}
	set = append(set, e.stamp(next)...)
	event, err := e.db.changeEvent(scope, id, what, names)
	if err != nil {
		return nil, err
	}
	err = e.db.store.Update(ctx, e.c, id, atVersion(e.version(current)), set, event)
	if err != nil {
		return next, fmt.Errorf("cannot update %s: %w", kindNouns[e.kind], inInput(err))
	}
	e.db.wake()
	return next, nil
}

func (d *DB) changeEvent(scope auth.Scope, id store.ID, what change, names []string) (*store.Event, error) {
	what.data.Changed = names
	return d.newEvent(scope, what.event, id, what.data)
}

func (e *Entities[T]) version(doc *T) int {
	return *e.document(doc).Pointers(nil)[e.c.FieldIndex("version")].(*int)
}

// atVersion matches a document that has that version. One that the old application wrote has none and is read as the
// first.
func atVersion(version int) store.Filter {
	if version == 1 {
		return store.Or(store.Eq("version", version), store.IsNull("version"))
	}
	return store.Eq("version", version)
}

func (e *Entities[T]) expectVersion(doc *T, expected *int) error {
	if found := e.version(doc); expected != nil && found != *expected {
		return store.FieldError(store.Conflict, "input.expectedVersion",
			"somebody changed the %s meanwhile: its version is %d, not %d", kindNouns[e.kind], found, *expected)
	}
	return nil
}

// stamp gives the document its next version and its time of change.
func (e *Entities[T]) stamp(next *T) []store.Assignment {
	pointers := e.document(next).Pointers(nil)
	version := pointers[e.c.FieldIndex("version")].(*int)
	updated := pointers[e.c.FieldIndex("updated_at")].(*time.Time)
	*version++
	*updated = e.db.now()
	return []store.Assignment{{Field: "version", Value: *version}, {Field: "updated_at", Value: *updated}}
}

// difference returns what must be assigned to make next of current, and the names of these fields without the keys
// that only repeat them.
func (e *Entities[T]) difference(current, next *T) (set []store.Assignment, names []string) {
	if doc, ok := e.document(next).(keyed); ok {
		doc.setKeys()
	}
	before, after := e.document(current).Pointers(nil), e.document(next).Pointers(nil)
	for i, field := range e.c.Fields {
		value := store.ValueAt(after[i])
		if store.SameValue(store.ValueAt(before[i]), value) {
			continue
		}
		set = append(set, store.Assignment{Field: field.Name, Value: value})
		if !isKey(field.Name) {
			names = append(names, field.Name)
		}
	}
	return set, names
}

// isKey reports whether a stored field only repeats another one, folded.
func isKey(name string) bool { return strings.HasSuffix(name, "_key") }
