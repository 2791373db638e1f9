// Package mongo is the engine of store.Store for MongoDB 5.0 and later: standalone, replica set or sharded cluster. It
// needs no transaction, since every write of the contract is a write of one document.
package mongo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"crm/db/store"
)

const (
	// selectionTimeout bounds the wait for a server, and so how long a request hangs while there is none.
	selectionTimeout = 5 * time.Second
	// operationTimeout bounds an operation whose context has no deadline, unless WithTimeout or timeoutMS in the URI does.
	operationTimeout = 10 * time.Second
	// indexTimeout bounds EnsureIndexes, which takes long when a large database is opened for the first time.
	indexTimeout = 30 * time.Minute
	// subqueryLimit is the maximum number of values that a subquery may select: they are sent to the server in a
	// filter.
	subqueryLimit = 100_000
)

// Store is a store.Store on one database of a MongoDB deployment.
type Store struct {
	client      *driver.Client
	database    *driver.Database
	collections []*store.Collection
	layouts     sync.Map // *store.Collection to *layout
	// noLookup is set once the server has refused the pipeline of FindChildren.
	noLookup atomic.Bool
	// subqueryLimit is the constant, except in tests.
	subqueryLimit int
	pool          pool
}

var _ store.Store = (*Store)(nil)

// Option changes how a Store connects.
type Option func(*options.ClientOptions)

// WithMonitor reports every command to m.
func WithMonitor(m *event.CommandMonitor) Option {
	return func(o *options.ClientOptions) { o.SetMonitor(m) }
}

// WithTimeout bounds operations whose context has no deadline, unless the URI has timeoutMS.
func WithTimeout(t time.Duration) Option {
	return func(o *options.ClientOptions) { o.SetTimeout(t) }
}

// Open returns a store on that database, for these collections and store.Events. It doesn't wait for the server: Ping
// checks whether there is one. An unusable URI or declaration is an error.
func Open(uri, database string, collections []*store.Collection, opts ...Option) (*Store, error) {
	s := &Store{collections: withEvents(collections), subqueryLimit: subqueryLimit}
	for _, c := range s.collections {
		if _, err := s.layout(c); err != nil {
			return nil, err
		}
	}
	settings := options.Client().
		SetAppName("crm").
		SetConnectTimeout(selectionTimeout).
		SetServerSelectionTimeout(selectionTimeout).
		SetTimeout(operationTimeout)
	for _, opt := range opts {
		opt(settings)
	}
	settings.ApplyURI(uri).SetReadPreference(readpref.Primary()).SetWriteConcern(writeconcern.Majority())
	s.pool.watch(settings)
	client, err := driver.Connect(settings)
	if err != nil {
		return nil, uriError(uri, err)
	}
	s.client, s.database = client, client.Database(database)
	return s, nil
}

// withEvents returns the collections, including store.Events, which MoveEvents writes.
func withEvents(collections []*store.Collection) []*store.Collection {
	all := []*store.Collection{store.Events}
	for _, c := range collections {
		if c != store.Events {
			all = append(all, c)
		}
	}
	return all
}

// uriError returns the driver's error about a URI. The driver quotes parts of the URI, and takes the wrong parts for the
// password if that isn't escaped, so nothing of a URI with a password is shown.
func uriError(uri string, err error) error {
	lower := strings.ToLower(uri)
	for _, sign := range []string{"@", "password", "token", "%40"} {
		if strings.Contains(lower, sign) {
			return errors.New("must be a URI such as mongodb://user:password@host:27017/database, with valid options; in the user's " +
				"name and the password, write characters like / : ? # [ ] @ as %2F %3A %3F %23 %5B %5D %40")
		}
	}
	return fmt.Errorf("cannot use the URI: %w", err)
}

// DatabaseName returns the database that a MongoDB URI names, else fallback.
func DatabaseName(uri, fallback string) (string, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || (scheme != "mongodb" && scheme != "mongodb+srv") {
		return "", errors.New("must begin with mongodb:// or mongodb+srv://")
	}
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	name, err := url.PathUnescape(path)
	if err != nil {
		return "", errors.New("the database's name is escaped incorrectly")
	}
	if name == "" {
		name = fallback
	}
	if err := CheckDatabaseName(name); err != nil {
		return "", err
	}
	return name, nil
}

// CheckDatabaseName returns an error if a database can't have that name. The error doesn't contain the name, because a part
// of a password may be taken for it.
func CheckDatabaseName(name string) error {
	if name == "" || strings.ContainsAny(name, "/\\. \"$\x00") {
		return errors.New("the database's name must not contain / \\ . \" $ or spaces")
	}
	return nil
}

// Ping returns nil when the primary answers, else an UNAVAILABLE error.
func (s *Store) Ping(ctx context.Context) error {
	err := FromMongoError(ctx, nil, s.client.Ping(ctx, readpref.Primary()))
	if err == nil || ctx.Err() != nil || store.CodeOf(err) != "" {
		return err
	}
	return unavailable(err)
}

// Close ends all operations, without waiting for them, and closes the connections.
func (s *Store) Close() error {
	err := s.client.Disconnect(context.Background())
	if err != nil && !errors.Is(err, driver.ErrClientDisconnected) {
		return fmt.Errorf("cannot close MongoDB client: %w", err)
	}
	return nil
}

// collection returns the driver's collection for c.
func (s *Store) collection(c *store.Collection) *driver.Collection {
	return s.database.Collection(c.Name)
}
