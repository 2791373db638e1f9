// Package db is the domain: the entities, their rules, who may see and do what, and the queries on them. It writes
// through store.Store, which an engine implements (db/sqlite, db/mongo), and knows nothing of GraphQL, mail or drivers.
package db

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"crm/db/entity"
	"crm/db/eventlog"
	"crm/db/live"
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
	readers
	repositories
	// Broker tells subscribers what happens, as long as its Run runs.
	Broker *live.Broker
	// Log is the log of everything that happened.
	Log *eventlog.Log

	entities     *entity.Database
	store        store.Store
	passwords    Passwords
	written      eventlog.Signal
	due          eventlog.Signal
	sessionCache *sessionCache
	now          func() time.Time
	options      Options
}

// Options are the choices that whoever runs the server has.
type Options struct {
	// AllowStaffSignup lets anybody become a USER; without it only the first account may be signed up.
	AllowStaffSignup bool
	// Silent has nobody told of what happens, as for a demo.
	Silent bool
	// CursorKeys sign the cursors of pages: the first signs, all are good. All servers on one store need the same.
	CursorKeys [][]byte
	// EventRetention is how long the events of an entity are kept after its end; zero means 400 days. It is at least
	// MinEventRetention.
	EventRetention time.Duration
	// Log gets what goes wrong while nobody waits for an answer; nil means that it goes nowhere.
	Log *slog.Logger
}

// New returns the domain over a store.
func New(engine store.Store, passwords Passwords, options Options) *DB {
	options.EventRetention = max(cmp.Or(options.EventRetention, defaultEventRetention), MinEventRetention)
	d := &DB{
		store:     entity.CountCalls(engine),
		passwords: passwords,
		written:   eventlog.NewSignal(),
		due:       eventlog.NewSignal(),
		now:       func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
		options:   options,
	}
	if len(options.CursorKeys) == 0 {
		options.CursorKeys = [][]byte{nil}
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	d.Log = eventlog.New(d.store)
	d.Broker = live.NewBroker(d.Log, liveSessions{d}, changeEvent, options.Log)
	d.sessionCache = newSessionCache(d.Broker.Wake)
	d.entities = &entity.Database{
		Store: d.store, Catalog: catalog, CursorKeys: options.CursorKeys, Silent: options.Silent, Now: d.now, Wake: d.wake,
	}
	d.entities.Versioned, _ = engine.(store.Versioned)
	d.readers, d.repositories = newRepositories(d.entities)
	return d
}

// Catalog returns what is declared of the entities.
func Catalog() *entity.Catalog { return catalog }

// Collections returns every collection there is, for an engine to open.
func Collections() []*store.Collection { return append(catalog.Collections(), store.Events) }

// ParseGlobalID takes a global id apart.
func ParseGlobalID(text string) (entity.Kind, store.ID, error) { return catalog.ParseGlobalID(text) }

// ParseID returns the id in a global id of that kind; the error says what another id is of.
func ParseID(kind entity.Kind, text string) (store.ID, error) {
	return catalog.ParseGlobalIDOf(kind, text)
}

// Ping returns nil when the store answers, else an UNAVAILABLE error.
func (d *DB) Ping(ctx context.Context) error { return d.store.Ping(ctx) }

// Mover returns what moves pending events into the log: this process's own at once, and soon those that another one
// couldn't move. onMoved is called when there are new events in the log, and must not block.
func (d *DB) Mover(log *slog.Logger, onMoved func(), options ...eventlog.MoverOption) *eventlog.Mover {
	return eventlog.NewMover(d.store, log, append([]eventlog.MoverOption{
		eventlog.WokenBy(d.written), eventlog.OnMoved(d.Broker.Wake), eventlog.OnMoved(onMoved),
	}, options...)...)
}

// wake has what follows from events begin at once.
func (d *DB) wake() {
	d.Broker.Wake()
	d.written.Raise()
}
