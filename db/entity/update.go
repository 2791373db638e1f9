package entity

import (
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/store"
)

// keyed is a document that repeats some of its fields folded.
type keyed interface {
	// SetKeys makes the folded fields match those that they repeat.
	SetKeys()
}

// updateTries is how often an update that names no version starts anew when others change the document meanwhile.
const updateTries = 5

// Update changes the document with that id as edit does: edit gets a copy of what is stored, changes it, and returns the
// verb of the event that tells of it. The document and its event are written together, provided nobody changed the document
// meanwhile. An edit that changes nothing writes nothing. If expected is given and isn't the stored version, the update
// is a CONFLICT.
func (r *Repository[T]) Update(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, edit func(next *T) (verb string, err error),
) (*T, error) {
	for range updateTries {
		current, err := r.Get(ctx, scope, id)
		if err != nil {
			return nil, err
		}
		if err := r.ExpectVersion(current, expected); err != nil {
			return nil, err
		}
		if r.isBeingDeleted(current) {
			return nil, r.errBeingDeleted()
		}
		next, written, err := r.writeEdited(ctx, scope, current, edit)
		if err != nil || written {
			return next, err
		}
	}
	return nil, store.Errorf(store.Conflict, "the %s is being changed by others; try again", r.def.Noun)
}

// writeEdited writes what edit makes of a document; written is false if somebody else changed the document first.
func (r *Repository[T]) writeEdited(
	ctx context.Context, scope auth.Scope, current *T, edit func(next *T) (verb string, err error),
) (next *T, written bool, err error) {
	next = new(T)
	*next = *current
	verb, err := edit(next)
	if err != nil {
		return nil, false, err
	}
	set := r.difference(current, next)
	if len(set) == 0 {
		return current, true, nil
	}
	set = append(set, r.stamp(next)...)
	event := r.db.newEvent(r.def, scope, verb, r.document(current), r.document(next))
	err = r.db.Store.Update(ctx, r.def.Collection, r.ID(current), AtVersion(r.version(current)), set, event)
	if store.CodeOf(err) == store.NotFound {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("cannot update %s: %w", r.def.Noun, inInput(err))
	}
	r.db.Wake()
	return next, true, nil
}

func (r *Repository[T]) version(doc *T) int {
	return *r.document(doc).Pointers(nil)[r.def.FieldIndex("version")].(*int)
}

// AtVersion matches a document that has that version. One that the old application wrote has none and is read as the
// first.
func AtVersion(version int) store.Filter {
	if version == 1 {
		return store.Or(store.Eq("version", version), store.IsNull("version"))
	}
	return store.Eq("version", version)
}

// ExpectVersion is a CONFLICT unless the document has the expected version, if there is one.
func (r *Repository[T]) ExpectVersion(doc *T, expected *int) error {
	if found := r.version(doc); expected != nil && found != *expected {
		return store.FieldError(store.Conflict, "input.expectedVersion",
			"somebody changed the %s meanwhile: its version is %d, not %d", r.def.Noun, found, *expected)
	}
	return nil
}

// stamp gives the document its next version and its time of change.
func (r *Repository[T]) stamp(next *T) []store.Assignment {
	pointers := r.document(next).Pointers(nil)
	version := pointers[r.def.FieldIndex("version")].(*int)
	updated := pointers[r.def.FieldIndex("updated_at")].(*time.Time)
	*version++
	*updated = r.db.Now()
	return []store.Assignment{{Field: "version", Value: *version}, {Field: "updated_at", Value: *updated}}
}

// difference returns what must be assigned to make next of current.
func (r *Repository[T]) difference(current, next *T) (set []store.Assignment) {
	if doc, ok := r.document(next).(keyed); ok {
		doc.SetKeys()
	}
	before, after := r.document(current).Pointers(nil), r.document(next).Pointers(nil)
	for i, field := range r.def.Fields {
		value := store.ValueAt(after[i])
		if !store.SameValue(store.ValueAt(before[i]), value) {
			set = append(set, store.Assignment{Field: field.Name, Value: value})
		}
	}
	return set
}
