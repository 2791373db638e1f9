package entity

import (
	"context"
	"errors"
	"fmt"

	"crm/auth"
	"crm/db/store"
)

// The verbs that every entity has.
const (
	Created = "created"
	Updated = "updated"
	Deleted = "deleted"
)

// Repository reads and writes the documents of one entity. Only package db has one, so that its rules can't be
// bypassed.
type Repository[T any] struct {
	*Reader[T]

	// derive sets the fields of a document that follow from others; it may be nil.
	derive func(*T)
	// serial is nil if the documents aren't numbered.
	serial *serial
}

// NewRepository returns the repository of the entity that def declares.
func NewRepository[T any, P Document[T]](d *Database, def *Definition) *Repository[T] {
	r := &Repository[T]{Reader: newReader[T, P](d, def)}
	r.derive, _ = def.derive.(func(*T))
	if def.Serial != "" {
		r.serial = &serial{field: def.Serial}
	}
	if d.repositories == nil {
		d.repositories = make(map[*store.Collection]anyRepository)
	}
	d.repositories[def.Collection] = r
	return r
}

// Create writes a new document with its event, and numbers it. It hasn't been written if the error is a store.IsRefusal; else it may have.
func (r *Repository[T]) Create(ctx context.Context, scope auth.Scope, doc *T) error {
	if err := MayWrite(scope); err != nil {
		return err
	}
	insert := func() error { return r.insert(ctx, scope, doc) }
	if r.serial != nil {
		return r.numbered(ctx, doc, insert)
	}
	return insert()
}

func (r *Repository[T]) insert(ctx context.Context, scope auth.Scope, doc *T) error {
	r.complete(doc)
	event := r.db.newEvent(ctx, r.def, scope, Created, nil, r.document(doc), nil)
	if err := r.db.Store.Insert(ctx, r.def.Collection, r.document(doc), event); err != nil {
		return fmt.Errorf("cannot create %s: %w", r.def.Noun, inInput(err))
	}
	r.db.Wake()
	r.afterWrite(ctx, doc, func(ctx context.Context) error { return r.refreshCopies(ctx, scope, doc) })
	return nil
}

// afterWrite does what follows from a write that has succeeded, also if whoever asked for it has gone. That it fails must not look as if
// nothing had been written.
func (r *Repository[T]) afterWrite(ctx context.Context, doc *T, follow func(context.Context) error) {
	if err := follow(context.WithoutCancel(ctx)); err != nil {
		r.db.Log.ErrorContext(ctx, "cannot do what follows from a change", "collection", r.def.Name, "id", r.ID(doc).String(), "error", err)
	}
}

// complete sets the fields of a document that follow from others.
func (r *Repository[T]) complete(doc *T) {
	if r.derive != nil {
		r.derive(doc)
	}
	if keyed, ok := r.document(doc).(Keyed); ok {
		keyed.SetKeys(r.db.Keys)
	}
}

// Remove deletes the document, provided that it still has that version, and writes the event.
func (r *Repository[T]) Remove(ctx context.Context, scope auth.Scope, doc *T) error {
	if r.serial != nil {
		if err := r.retire(ctx, doc); err != nil {
			return err
		}
	}
	through, err := r.db.keysThrough(ctx, r.def, r.ID(doc))
	if err != nil {
		return err
	}
	event := r.db.newEvent(ctx, r.def, scope, Deleted, r.document(doc), nil, through)
	err = r.db.Store.Delete(ctx, r.def.Collection, r.ID(doc), AtVersion(r.version(doc)), event)
	if store.CodeOf(err) == store.NotFound {
		return store.Errorf(store.Conflict, "somebody changed the %s meanwhile; try again", r.def.Noun)
	}
	if err != nil {
		return fmt.Errorf("cannot delete %s: %w", r.def.Noun, err)
	}
	r.db.Wake()
	return nil
}

// Event returns the event of a change that the scope's account made, for callers that write it themselves. before is nil for a new document.
func (r *Repository[T]) Event(ctx context.Context, scope auth.Scope, verb string, before, after *T) *store.Event {
	var former store.Document
	if before != nil {
		former = r.document(before)
	}
	return r.db.newEvent(ctx, r.def, scope, verb, former, r.document(after), nil)
}

// Find reads the documents that a query selects, regardless of who may see them.
func (r *Repository[T]) Find(ctx context.Context, q store.Query) ([]*T, error) {
	return r.find(ctx, auth.SystemScope(), q)
}

// CountAll counts the documents that match, regardless of who may see them.
func (r *Repository[T]) CountAll(ctx context.Context, where store.Filter) (int, error) {
	return r.db.Store.Count(ctx, r.def.Collection, where)
}

// Assign sets fields of the document if it matches, without an event and without incrementing its version; it is
// NOT_FOUND if it doesn't match.
func (r *Repository[T]) Assign(ctx context.Context, id store.ID, where store.Filter, set []store.Assignment) error {
	return r.db.Store.Update(ctx, r.def.Collection, id, where, set)
}

// Each calls do with every document that matches, in batches, until none is left. do must change each document so that
// it no longer matches.
func (r *Repository[T]) Each(ctx context.Context, where store.Filter, do func(*T) error) (done int, err error) {
	const batch = 200
	for {
		found, err := r.Find(ctx, store.Query{Where: where, Limit: batch})
		if err != nil {
			return done, err
		}
		for _, doc := range found {
			if err := do(doc); err != nil {
				return done, err
			}
			done++
		}
		if len(found) < batch {
			return done, nil
		}
	}
}

// MayWrite is FORBIDDEN for an account that has yet to prove its address: it changes nothing, as it sees nothing but itself. What
// an account does about its own password, address and sessions, package db does on its behalf.
func MayWrite(scope auth.Scope) error {
	if scope.Unverified {
		return store.Errorf(store.Forbidden, "the account's e-mail address isn't verified yet; requestEmailVerification mails a link for that")
	}
	return nil
}

// pathOf returns the path of the one field that an error concerns, "" if it concerns none or several.
func pathOf(err error) string {
	var coded *store.Error
	if !errors.As(err, &coded) || len(coded.Problems) != 1 {
		return ""
	}
	return coded.Problems[0].Path
}

// inInput reports a violated unique index at the path in a mutation's input: "email" becomes "input.email".
func inInput(err error) error {
	var coded *store.Error
	if !errors.As(err, &coded) || coded.Code != store.Conflict || len(coded.Problems) != 1 {
		return err
	}
	return &store.Error{
		Code: store.Conflict, Message: "input." + coded.Problems[0].Path + ": is already in use", Err: err,
		Problems: []store.Problem{{Path: "input." + coded.Problems[0].Path, Message: "is already in use"}},
	}
}
