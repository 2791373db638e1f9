// Package db is the domain: the entities, their rules, who may see and do what, and the queries on them. It writes
// through store.Store, which an engine implements (db/sqlite, db/mongo), and knows nothing of GraphQL, mail or drivers.
package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/store"
)

// Passwords hashes and verifies passwords.
type Passwords interface {
	// Problem says what is wrong with a password that somebody wants to have; it is empty when nothing is.
	Problem(password string) string
	// Hash returns what may be stored of the password. It waits for a free processor, or for ctx.
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether the hash is of the password, and whether it should be made anew. An empty hash is of none,
	// which it takes as long to find out.
	Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error)
}

// DB is the domain: its methods are what can be done with the entities, each with the scope of who does it.
type DB struct {
	Users        *Entities[User]
	Customers    *Entities[Customer]
	Interactions *Entities[Interaction]
	Tickets      *Entities[Ticket]
	Deliveries   *Entities[Delivery]
	// Feed tells subscribers what happens, as long as its Run runs.
	Feed *Feed

	store     store.Store
	versioned store.Versioned
	passwords Passwords
	written   chan struct{}
	due       chan struct{}
	live      *liveSessions
	now       func() time.Time
	options   Options
}

// Options are the choices that whoever runs the server has.
type Options struct {
	// AllowStaffSignup lets anybody become a USER; without it only the first account may be signed up.
	AllowStaffSignup bool
	// Silent has nobody told of what happens, as for a demo.
	Silent bool
	// CursorKey signs the cursors of pages; all servers on one store need the same.
	CursorKey []byte
}

// New returns the domain over a store.
func New(engine store.Store, passwords Passwords, options Options) *DB {
	d := &DB{
		store:     CountCalls(engine),
		passwords: passwords,
		written:   make(chan struct{}, 1),
		due:       make(chan struct{}, 1),
		now:       func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
		options:   options,
	}
	d.versioned, _ = engine.(store.Versioned)
	d.Feed = newFeed(d)
	d.live = newLiveSessions(d.Feed.wake)
	d.Users = newEntities(d, Users, KindUser, (*User).redact)
	d.Customers = newEntities[Customer](d, Customers, KindCustomer, nil)
	d.Interactions = newEntities[Interaction](d, Interactions, KindInteraction, nil)
	d.Tickets = newEntities[Ticket](d, Tickets, KindTicket, nil)
	d.Deliveries = newEntities[Delivery](d, Deliveries, KindDelivery, nil)
	return d
}

// Collections returns every collection there is, for an engine to open.
func Collections() []*store.Collection {
	return []*store.Collection{Users, Customers, Interactions, Tickets, Sessions, LoginAttempts, store.Events, Deliveries}
}

// Ping returns nil when the store answers, else an UNAVAILABLE error.
func (d *DB) Ping(ctx context.Context) error { return d.store.Ping(ctx) }

// Written receives a value soon after this process has written events, so that what follows from them needn't wait
// for the next look.
func (d *DB) Written() <-chan struct{} { return d.written }

func (d *DB) wake() {
	d.Feed.wake()
	select {
	case d.written <- struct{}{}:
	default: // somebody is about to look already
	}
}

// version returns the state that the store is in, if it can tell.
func (d *DB) version() (store.Version, bool) {
	if d.versioned == nil {
		return store.Version{}, false
	}
	return d.versioned.Version()
}

// newEvent returns the event that says what the viewer did to an entity. data is what is known of the entity.
func (d *DB) newEvent(scope auth.Scope, kind string, entity store.ID, data EventData) (*store.Event, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("cannot encode event %s: %w", kind, err)
	}
	return &store.Event{
		ID: store.NewID(), Type: kind, Entity: entity, Actor: scope.Account, ActorRole: string(scope.Role),
		At: d.now(), Data: string(text), Planned: d.options.Silent,
	}, nil
}

// document is the constraint of the generic functions below: a pointer to T that is a Document.
type document[T any] interface {
	*T
	store.Document
}

// find reads the documents that a query selects.
func find[T any, P document[T]](ctx context.Context, s store.Store, c *store.Collection, q store.Query) ([]*T, error) {
	var found []*T
	err := s.Find(ctx, c, q, func() store.Document {
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
func first[T any, P document[T]](ctx context.Context, s store.Store, c *store.Collection, q store.Query) (*T, error) {
	q.Limit = 1
	found, err := find[T, P](ctx, s, c, q)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, store.Errorf(store.NotFound, "there is no such document in %s", c.Name)
	}
	return found[0], nil
}
