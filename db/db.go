// Package db is the domain: the entities, their rules, permissions and queries. It stores them in a store.Store, which
// an engine implements (db/sqlite, db/mongo), and knows nothing of GraphQL, mail or drivers.
package db

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"crm/auth"
	"crm/auth/oidc"
	"crm/db/entity"
	"crm/db/eventlog"
	"crm/db/live"
	"crm/db/store"
	"crm/db/textkey"
	"crm/files"
)

// Passwords hashes and verifies passwords.
type Passwords interface {
	// Problem returns what is wrong with a new password, "" if nothing is. It must not be what is known of its owner.
	Problem(password string, known ...string) string
	// Hash returns the hash to store. It waits until a processor is free or ctx is done.
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether the hash belongs to the password, and whether it is outdated. An empty hash belongs to no
	// password, but takes as long to verify.
	Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error)
}

// DB is the domain: its methods are the operations on the entities, each with the scope of its caller.
type DB struct {
	readers
	repositories
	// Broker publishes changes to subscribers while its Run runs.
	Broker *live.Broker
	// Log is the log of all changes.
	Log *eventlog.Log
	// Links sign the addresses of files, and verify them.
	Links files.Links

	entities *entity.Database
	// store counts the calls to engine.
	engine, store store.Store
	passwords     Passwords
	written       eventlog.Signal
	due           eventlog.Signal
	sessionCache  *sessionCache
	// factorSecrets seals the secrets of second factors, challenges the tokens between the two steps of a log-in,
	// and attempts log-ins at identity providers that have begun.
	factorSecrets, challenges, attempts *auth.Sealer

	thumbnails *files.Thumbnailer
	now        func() time.Time
	options    Options
}

// Options are the operator's settings.
type Options struct {
	// AllowStaffSignup lets anybody sign up as a USER; without it only the first account can sign up.
	AllowStaffSignup bool
	// TwoFactor says who has to log in with a second factor; nobody if it is empty.
	TwoFactor TwoFactorPolicy
	// Providers are the identity providers that people can log in with.
	Providers oidc.Providers
	// AppName is what authenticator apps call this server; "CRM" if it is empty.
	AppName string
	// RequireVerifiedEmail shows customers nothing but themselves until they have proven that their address is theirs.
	RequireVerifiedEmail bool
	// CustomerSignup says how customers get accounts; SignupOpen if it is empty.
	CustomerSignup CustomerSignup
	// Keys makes the keys that are stored beside texts; nil makes those of the default settings. All servers on one store
	// need the same.
	Keys *textkey.Keys
	// CursorKeys sign the cursors of pages: the first one signs, and all of them verify. All servers on one store need
	// the same keys.
	CursorKeys [][]byte
	// EventRetention is how long an entity's events are kept after its deletion: 400 days if it is zero, and at least
	// MinEventRetention.
	EventRetention time.Duration
	// Log gets errors that no caller gets, and refused log-ins; nil discards them.
	Log *slog.Logger
	// NoSharedQueue hides the tickets that nobody is responsible for from all but admins, until they are assigned.
	NoSharedQueue bool
	// Files keeps the contents of attachments; without it there are none.
	Files files.Store
	// Scanner scans the contents of attachments; nil for none.
	Scanner files.Scanner
	// FileBytes is how large a file may be; DefaultFileBytes if it is zero.
	FileBytes int
	// FilesURL precedes the paths at which files are sent and received: the address of this server, or the path below which it is reached.
	FilesURL string
	// MailDomain is the domain of the ids of our messages, by which answers are recognized.
	MailDomain string
	// Filling accepts a store that is half filled; see Restore and Receive.
	Filling bool
	// Observer is told about calls to the store; nil for none.
	Observer entity.CallObserver
	// Trace returns the W3C traceparent of what is done with a context, which events then carry, empty if that isn't traced; nil if
	// nothing is.
	Trace func(ctx context.Context) string
}

// New returns the domain on a store.
func New(engine store.Store, passwords Passwords, options Options) *DB {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	options.CustomerSignup = cmp.Or(options.CustomerSignup, SignupOpen)
	options.FileBytes = cmp.Or(options.FileBytes, DefaultFileBytes)
	options.EventRetention = max(cmp.Or(options.EventRetention, defaultEventRetention), MinEventRetention)
	d := &DB{
		engine:     engine,
		store:      engine,
		passwords:  passwords,
		written:    eventlog.NewSignal(),
		thumbnails: files.NewThumbnailer(),
		due:        eventlog.NewSignal(),
		now:        func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
		options:    options,
	}
	if options.Observer != nil {
		d.store = entity.ObserveCalls(engine, options.Observer)
	}
	d.store = entity.CountCalls(d.store)
	if len(options.CursorKeys) == 0 {
		options.CursorKeys = [][]byte{nil}
	}
	d.factorSecrets, d.challenges = auth.NewSealer(options.CursorKeys, secretPurpose), auth.NewSealer(options.CursorKeys, challengePurpose)
	d.attempts = auth.NewSealer(options.CursorKeys, attemptPurpose)
	options.Keys = cmp.Or(options.Keys, textkey.Default())
	d.Log = eventlog.New(d.store)
	d.Links = files.Links{Keys: options.CursorKeys, Base: options.FilesURL, Now: time.Now}
	d.Broker = live.NewBroker(d.Log, liveSessions{d}, changeEvents, options.Log)
	d.sessionCache = newSessionCache(d.Broker.Wake)
	seen := catalog
	if options.NoSharedQueue {
		seen = catalog.Without(sharedQueue)
	}
	d.entities = &entity.Database{
		Store: d.store, Catalog: seen, CursorKeys: options.CursorKeys, Keys: options.Keys,
		Now: d.now, Wake: d.wake, Numbers: numbers{d.store}, Log: options.Log, Trace: options.Trace,
	}
	d.readers, d.repositories = newRepositories(d.entities)
	return d
}

// Silent returns the same domain, but nobody is mailed about changes that are made with it, such as those of a demo.
func (d *DB) Silent() *DB {
	silent := *d
	silent.entities = d.entities.Silent()
	silent.readers, silent.repositories = newRepositories(silent.entities)
	return &silent
}

// ForDemo returns the same domain with another clock and other passwords, and silent.
func (d *DB) ForDemo(now func() time.Time, passwords func(Passwords) Passwords) *DB {
	demo := *d
	demo.now, demo.passwords = now, passwords(d.passwords)
	demo.options.RequireVerifiedEmail = false // nobody reads the mail of its accounts
	demo.entities = d.entities.Silent()
	demo.entities.Now = now
	demo.readers, demo.repositories = newRepositories(demo.entities)
	return &demo
}

// Catalog returns the declarations of all entities.
func Catalog() *entity.Catalog { return catalog }

// Collections returns all collections, for an engine to open.
func Collections() []*store.Collection { return append(catalog.Collections(), store.Events) }

// Kept returns the collections whose documents are worth keeping in memory.
func Kept() []*store.Collection { return catalog.Kept() }

// ParseGlobalID splits a global id into its kind and the document's id.
func ParseGlobalID(text string) (entity.Kind, store.ID, error) { return catalog.ParseGlobalID(text) }

// ParseID returns the document's id in a global id of that kind; for an id of another kind, the error says which.
func ParseID(kind entity.Kind, text string) (store.ID, error) {
	return catalog.ParseGlobalIDOf(kind, text)
}

// Ping returns nil when the store answers, else an UNAVAILABLE error.
func (d *DB) Ping(ctx context.Context) error { return d.store.Ping(ctx) }

// Mover returns a mover of pending events into the log: it moves this process's own at once, and soon those that
// another process couldn't move. onMoved is called when there are new events in the log, and must not block.
func (d *DB) Mover(log *slog.Logger, onMoved func(), options ...eventlog.MoverOption) *eventlog.Mover {
	return eventlog.NewMover(d.store, log, append([]eventlog.MoverOption{
		eventlog.WokenBy(d.written), eventlog.OnMoved(d.Broker.Wake), eventlog.OnMoved(onMoved),
	}, options...)...)
}

// wake makes the followers of the log check for events at once.
func (d *DB) wake() {
	d.Broker.Wake()
	d.written.Raise()
}
