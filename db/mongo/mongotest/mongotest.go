// Package mongotest provides a MongoDB for tests: the one that MONGO_TEST_URI names, else FerretDB, which it builds
// from a separate module and starts.
package mongotest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/mongo"
	"crm/db/store"
)

const (
	// serverTimeout bounds the wait for the server.
	serverTimeout = 5 * time.Second
	// cleanupTimeout bounds the cleanup after a test.
	cleanupTimeout = 30 * time.Second
)

// testURI is the environment variable with the URI of a MongoDB for the tests.
const testURI = "MONGO_TEST_URI"

// IsStandIn reports whether the tests run on FerretDB, which reads all documents of a collection for each query, so
// tests give it less data.
func IsStandIn() bool { return os.Getenv(testURI) == "" }

// SkipOnStandIn skips a test of a rule, not of an engine, on FerretDB, which is slow. ALL_TESTS=true runs it there, as CI does, and so does
// THOROUGH=true.
func SkipOnStandIn(tb testing.TB) {
	tb.Helper()
	if IsStandIn() && os.Getenv("ALL_TESTS") != "true" && os.Getenv("THOROUGH") != "true" {
		tb.Skip("FerretDB is slow: ALL_TESTS=true, or a MongoDB in MONGO_TEST_URI, runs this test on MongoDB, too")
	}
}

// shared is the server of this test binary. A server ends when nothing refers to it any more, so this variable keeps it
// alive.
var shared = sync.OnceValues(func() (*server, error) {
	if uri := os.Getenv(testURI); uri != "" {
		return &server{uri: uri}, nil
	}
	return start("", "127.0.0.1:0")
})

// sharedClient is a connection to the shared server, separate from those of the stores.
var sharedClient = sync.OnceValues(func() (*driver.Client, error) {
	server, err := shared()
	if err != nil {
		return nil, err
	}
	return driver.Connect(options.Client().ApplyURI(server.uri).SetServerSelectionTimeout(serverTimeout))
})

// URI returns the URI of the server that all tests of this binary share.
func URI(tb testing.TB) string {
	tb.Helper()
	server, err := shared()
	if err != nil {
		tb.Fatalf("cannot start a MongoDB for tests (set MONGO_TEST_URI to use one of your own): %v", err)
	}
	if err := server.failure(); err != nil {
		tb.Fatalf("the MongoDB for tests is gone: %v", err)
	}
	return server.uri
}

// Database returns a new empty database of the shared server, which is dropped when the test ends.
func Database(tb testing.TB) *driver.Database {
	tb.Helper()
	URI(tb)
	client, err := sharedClient()
	if err != nil {
		tb.Fatalf("cannot connect to MongoDB: %v", err)
	}
	database := client.Database("test_" + store.NewID().String())
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
		defer cancel()
		if err := database.Drop(ctx); err != nil {
			tb.Errorf("cannot drop database: %v", err)
		}
	})
	return database
}

// Open returns a store, with indexes, on a new empty database of the shared server. Both end with the test.
func Open(tb testing.TB, collections ...*store.Collection) *mongo.Store {
	tb.Helper()
	return OpenOn(tb, Database(tb), collections)
}

// OpenOn returns a store, with indexes, on that database. It is closed when the test ends.
func OpenOn(
	tb testing.TB, database *driver.Database, collections []*store.Collection, opts ...mongo.Option,
) *mongo.Store {
	tb.Helper()
	store, err := mongo.Open(URI(tb), database.Name(), collections, opts...)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	if err := store.EnsureIndexes(tb.Context()); err != nil {
		tb.Fatalf("EnsureIndexes: %v", err)
	}
	return store
}

// Serve starts a FerretDB for one test, on that address, with its data in dir. Calling stop ends it; so does the end of
// the test.
func Serve(tb testing.TB, dir, address string) (uri string, stop func()) {
	tb.Helper()
	server, err := start(dir, address)
	if err != nil {
		tb.Fatalf("cannot start FerretDB: %v", err)
	}
	stop = sync.OnceFunc(server.stop)
	tb.Cleanup(stop)
	return server.uri, stop
}

// withOutput adds what a process wrote to an error.
func withOutput(err error, output string) error {
	if output == "" {
		return err
	}
	return errors.Join(err, fmt.Errorf("it wrote: %s", output))
}
