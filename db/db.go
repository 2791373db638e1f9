package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"crm/auth"
)

// Passwords hashes the passwords of new accounts.
type Passwords interface {
	// Problem says what is wrong with a password that somebody wants to have; it is empty when nothing is.
	Problem(password string) string
	// Hash returns what may be stored of the password. It waits for a free processor, or for ctx.
	Hash(ctx context.Context, password string) (string, error)
}

// DB is the domain: its methods are what can be done with the entities, each with the scope of who does it.
type DB struct {
	store     Store
	passwords Passwords
	written   chan struct{}
	now       func() time.Time
	options   Options
}

// Options are the choices that whoever runs the server has.
type Options struct {
	// AllowStaffSignup lets anybody become a USER; without it only the first account may be signed up.
	AllowStaffSignup bool
}

// New returns the domain over a store.
func New(store Store, passwords Passwords, options Options) *DB {
	return &DB{
		store:     CountCalls(store),
		passwords: passwords,
		written:   make(chan struct{}, 1),
		now:       func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
		options:   options,
	}
}

// Ping returns nil when the store answers, else an UNAVAILABLE error.
func (d *DB) Ping(ctx context.Context) error { return d.store.Ping(ctx) }

// Written receives a value soon after this process has written events, so that what follows from them needn't wait
// for the next look.
func (d *DB) Written() <-chan struct{} { return d.written }

func (d *DB) wake() {
	select {
	case d.written <- struct{}{}:
	default: // somebody is about to look already
	}
}

// newEvent returns the event that says what the viewer did to an entity. data is what is known of the entity.
func (d *DB) newEvent(scope auth.Scope, kind string, entity ID, data EventData) (*Event, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("cannot encode event %s: %w", kind, err)
	}
	return &Event{
		ID: NewID(), Type: kind, Entity: entity, Actor: scope.Account, ActorRole: string(scope.Role),
		At: d.now(), Data: string(text),
	}, nil
}

// insert writes a new document with its event.
func (d *DB) insert(ctx context.Context, c *Collection, doc Document, event *Event) error {
	if err := d.store.Insert(ctx, c, doc, event); err != nil {
		return err
	}
	d.wake()
	return nil
}

// document is the constraint of the generic functions below: a pointer to T that is a Document.
type document[T any] interface {
	*T
	Document
}

// find reads the documents that a query selects.
func find[T any, P document[T]](ctx context.Context, s Store, c *Collection, q Query) ([]*T, error) {
	var found []*T
	err := s.Find(ctx, c, q, func() Document {
		doc := P(new(T))
		found = append(found, (*T)(doc))
		return doc
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find %s: %w", c.Name, err)
	}
	return found, nil
}

// first reads the first document that a query selects; it is NOT_FOUND if there is none.
func first[T any, P document[T]](ctx context.Context, s Store, c *Collection, q Query) (*T, error) {
	q.Limit = 1
	found, err := find[T, P](ctx, s, c, q)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, Errorf(NotFound, "there is no such document in %s", c.Name)
	}
	return found[0], nil
}
