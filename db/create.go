package db

import (
	"context"
	"errors"
	"fmt"

	"crm/auth"
	"crm/db/store"
)

// create writes a new document with the event that tells of it.
func (e *Entities[T]) create(ctx context.Context, scope auth.Scope, doc *T, what change) error {
	if keyed, ok := e.document(doc).(keyed); ok {
		keyed.setKeys()
	}
	event, err := e.db.newEvent(scope, what.event, e.id(doc), what.data)
	if err != nil {
		return err
	}
	if err := e.db.store.Insert(ctx, e.c, e.document(doc), event); err != nil {
		return fmt.Errorf("cannot create %s: %w", kindNouns[e.kind], inInput(err))
	}
	e.db.wake()
	return nil
}

// remove deletes the document, provided that it still has that version, with the event that tells of it.
func (e *Entities[T]) remove(ctx context.Context, scope auth.Scope, doc *T, what change) error {
	event, err := e.db.newEvent(scope, what.event, e.id(doc), what.data)
	if err != nil {
		return err
	}
	err = e.db.store.Delete(ctx, e.c, e.id(doc), atVersion(e.version(doc)), event)
	if store.CodeOf(err) == store.NotFound {
		return store.Errorf(store.Conflict, "somebody changed the %s meanwhile; try again", kindNouns[e.kind])
	}
	if err != nil {
		return fmt.Errorf("cannot delete %s: %w", kindNouns[e.kind], err)
	}
	e.db.wake()
	return nil
}

// all calls do with every document that the program itself finds, in batches, until none is found any more; do makes
// each one not match again.
func (e *Entities[T]) all(ctx context.Context, where store.Filter, do func(*T) error) (done int, err error) {
	const batch = 200
	for {
		found, err := e.find(ctx, auth.SystemScope(), store.Query{Where: where, Limit: batch})
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

// inInput makes a violated unique index one of a mutation's input: "email" is in use becomes "input.email".
func inInput(err error) error {
	var coded *store.Error
	if !errors.As(err, &coded) || coded.Code != store.Conflict || len(coded.Problems) != 1 {
		return err
	}
	return &store.Error{
		Code: store.Conflict, Message: "input." + coded.Problems[0].Path + ": is in use already", Err: err,
		Problems: []store.Problem{{Path: "input." + coded.Problems[0].Path, Message: "is in use already"}},
	}
}
