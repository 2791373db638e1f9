package entity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"crm/auth"
	"crm/db/store"
	"crm/db/textkey"
)

// Keyed is a document with fields that hold keys of other fields.
type Keyed interface {
	// SetKeys sets these fields.
	SetKeys(keys *textkey.Keys)
}

// updateTries is how often an update without an expected version is tried while others change the document.
const updateTries = 5

// Update changes the document with that id: edit gets a copy of the stored document, changes it, and returns the verb
// of the event. The document and its event are written together, provided nobody changed the document meanwhile. If
// edit changes nothing, nothing is written. If expected is given and isn't the stored version, the update is a
// CONFLICT.
func (r *Repository[T]) Update(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, edit func(next *T) (verb string, err error),
) (*T, error) {
	return r.update(ctx, scope, scope, id, expected, edit)
}

// Follow is Update for what follows from a change that the actor made to another document: the actor needn't see this one.
func (r *Repository[T]) Follow(
	ctx context.Context, actor auth.Scope, id store.ID, edit func(next *T) (verb string, err error),
) (*T, error) {
	return r.update(ctx, auth.SystemScope(), actor, id, nil, edit)
}

func (r *Repository[T]) update(
	ctx context.Context, reader, actor auth.Scope, id store.ID, expected *int, edit func(next *T) (verb string, err error),
) (*T, error) {
	if err := MayWrite(actor); err != nil {
		return nil, err
	}
	for range updateTries {
		current, err := r.Get(ctx, reader, id)
		if err != nil {
			return nil, err
		}
		if err := r.ExpectVersion(current, expected); err != nil {
			return nil, err
		}
		if r.isBeingDeleted(current) {
			return nil, r.errBeingDeleted()
		}
		next, written, err := r.writeEdited(ctx, actor, current, edit)
		if err != nil || written {
			return next, err
		}
	}
	return nil, store.Errorf(store.Conflict, "the %s is being changed by others; try again", r.def.Noun)
}

// writeEdited writes the document as edit changes it; written is false if somebody else changed the document first.
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
	if !slices.ContainsFunc(set, r.isChange) {
		return current, true, nil
	}
	through, err := r.db.keysThrough(ctx, r.def, r.ID(current))
	if err != nil {
		return nil, false, err
	}
	set = append(set, r.stamp(next)...)
	event := r.db.newEvent(ctx, r.def, scope, verb, r.document(current), r.document(next), through)
	err = r.db.Store.Update(ctx, r.def.Collection, r.ID(current), AtVersion(r.version(current)), set, event)
	if store.CodeOf(err) == store.NotFound {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("cannot update %s: %w", r.def.Noun, inInput(err))
	}
	r.db.Wake()
	assigned := func(field string) bool {
		return slices.ContainsFunc(set, func(a store.Assignment) bool { return a.Field == field })
	}
	r.afterWrite(ctx, next, func(ctx context.Context) error { // CopyChanges does it again
		return r.db.copyFrom(ctx, scope, r.def, r.document(next).Pointers(nil), assigned)
	})
	if slices.ContainsFunc(r.def.Copies, func(c Copy) bool { return assigned(c.Reference) }) { // it has another owner
		r.afterWrite(ctx, next, func(ctx context.Context) error { return r.refreshCopies(ctx, scope, next) })
	}
	return next, true, nil
}

func (r *Repository[T]) version(doc *T) int {
	return *r.document(doc).Pointers(nil)[r.def.FieldIndex("version")].(*int)
}

// AtVersion matches a document that has that version. A document that the old application wrote has none, which counts
// as version 1.
func AtVersion(version int) store.Filter {
	if version == 1 {
		return store.Or(store.Eq("version", version), store.IsNull("version"))
	}
	return store.Eq("version", version)
}

// ExpectVersion returns a CONFLICT if an expected version is given and the document has another one.
func (r *Repository[T]) ExpectVersion(doc *T, expected *int) error {
	if found := r.version(doc); expected != nil && found != *expected {
		return store.FieldError(store.Conflict, "input.expectedVersion",
			"somebody changed the %s meanwhile: its version is %d, not %d", r.def.Noun, found, *expected)
	}
	return nil
}

// stamp sets the document's next version and its time of change.
func (r *Repository[T]) stamp(next *T) []store.Assignment {
	pointers := r.document(next).Pointers(nil)
	version := pointers[r.def.FieldIndex("version")].(*int)
	updated := pointers[r.def.FieldIndex("updated_at")].(*time.Time)
	*version++
	*updated = r.db.Now()
	return []store.Assignment{{Field: "version", Value: *version}, {Field: "updated_at", Value: *updated}}
}

// isChange reports whether an assignment changes more than an outdated key, which is no reason to write a document.
func (r *Repository[T]) isChange(a store.Assignment) bool {
	return !slices.ContainsFunc(r.def.KeyFields, func(key KeyField) bool { return key.Name == a.Field && !key.Unique })
}

// Assignments assigns a document's values to these fields.
func (d *Definition) Assignments(doc store.Document, fields ...string) []store.Assignment {
	pointers := doc.Pointers(nil)
	set := make([]store.Assignment, len(fields))
	for i, field := range fields {
		set[i] = store.Assignment{Field: field, Value: store.ValueAt(pointers[d.FieldIndex(field)])}
	}
	return set
}

// difference returns the assignments that turn current into next.
func (r *Repository[T]) difference(current, next *T) (set []store.Assignment) {
	r.complete(next)
	before, after := r.document(current).Pointers(nil), r.document(next).Pointers(nil)
	for i, field := range r.def.Fields {
		value := store.ValueAt(after[i])
		if !store.SameValue(store.ValueAt(before[i]), value) {
			set = append(set, store.Assignment{Field: field.Name, Value: value})
		}
	}
	return set
}
