// Package sqlite is the embedded engine of store.Store: one file, for one machine.
//
// It uses zombiezen.com/go/sqlite, a thin layer over modernc.org/sqlite, which is SQLite translated to Go: no C
// compiler is needed. database/sql on the same engine measured slower, since it boxes and converts every column of
// every row and hides the connection on which statements stay prepared.
//
// Every collection is a table with one column per declared field. One process uses the file, with one writer at a time
// and a small pool of readers, which WAL lets read during writes. Acknowledged writes are on disk (synchronous=FULL);
// writes that wait for the writer share one transaction, which reaches the WAL with few calls to the system.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"crm/db/store"
)

// Store is a store.Store in one file.
type Store struct {
	path        string
	collections []*store.Collection
	tables      sync.Map // *store.Collection -> *table

	// writing holds a token while the writer is in use, reading one for each reader in use.
	writing chan struct{}
	reading chan struct{}
	writer  *conn
	queue   queue

	mu   sync.Mutex
	idle []*conn // readers, the most recently used last

	// lockTimeout is how long a write waits for a lock of another process before it is UNAVAILABLE.
	lockTimeout time.Duration
	// maxSorted is the constant, except in tests.
	maxSorted int

	// lock keeps other processes from using the file; it is nil in tests that open the file twice.
	lock *fileLock
	// commits counts the commits of this process, when they begin and again when they have ended.
	commits atomic.Uint64
	// observer is told about changes of the observed collections, which are by name; nil if there is none.
	observer store.Observer
	observed map[string]*store.Collection
	// checkpointAt is how many pages the WAL has at the next checkpoint, and checkpointing says that one is under way; both belong
	// to the writer's holder.
	checkpointAt  int
	checkpointing bool
	groupSizes    groupSizes
	// concurrent is how many operations took part in the last group or waited at its end, and commitTime how long its commit took;
	// both belong to the writer's holder.
	concurrent int
	commitTime time.Duration
	// indexing says that new documents are about to be indexed; it belongs to the writer's holder.
	indexing bool
	// background has the checkpoint and the indexing that are under way.
	background sync.WaitGroup

	closed    chan struct{}
	closeOnce sync.Once
	closeErr  error
}

var _ store.Store = (*Store)(nil)

// busyTimeout is the default lockTimeout.
const busyTimeout = 10 * time.Second

// Open opens the database in the file at path. A missing file is created with permissions for its owner only. Missing
// tables, columns and indexes of the collections, and of store.Events, are added, except for indexes on many documents,
// which are left to EnsureIndexes: until then, queries that need them are slow. No data is ever removed.
//
// Only one process at a time may have the file open. Open waits for the other one to close it, as restarts may overlap.
func Open(ctx context.Context, path string, collections []*store.Collection) (*Store, error) {
	tune()
	path, err := createFile(path)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(ctx, path)
	if err != nil {
		return nil, err
	}
	s, err := openUnlocked(ctx, path, collections)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	s.lock = lock
	return s, nil
}

// openUnlocked is Open for an existing file that no other process uses.
func openUnlocked(ctx context.Context, path string, collections []*store.Collection) (*Store, error) {
	if !slices.Contains(collections, store.Events) {
		collections = append(slices.Clip(collections), store.Events)
	}
	s := &Store{
		path:        path,
		collections: collections,
		writing:     make(chan struct{}, 1),
		reading:     make(chan struct{}, readers()),
		lockTimeout: busyTimeout,
		maxSorted:   maxSorted,
		closed:      make(chan struct{}),

		checkpointAt: checkpointPages,
		queue:        queue{joined: make(chan struct{}, 1)},
	}
	var err error
	if s.writer, err = openConn(ctx, path, writerPragmas); err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	s.writer.sqlite.SetBusyTimeout(0) // from now on begin waits for locks
	if err := s.prepare(ctx); err != nil {
		_ = s.Close() // the first error is the one that matters
		return nil, fmt.Errorf("cannot prepare %s: %w", path, err)
	}
	return s, nil
}

// prepare adds what is missing, and marks tables whose full-text index exists.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.EnsureConstraints(ctx); err != nil {
		return err
	}
	_, err := s.MissingIndexes(ctx)
	return err
}

// createFile creates the file and its folder if they are missing, and returns the absolute path.
func createFile(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("cannot find the database's folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("cannot create the database's folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("cannot create the database: %w", err)
	}
	if err := file.Close(); err != nil {
		return "", fmt.Errorf("cannot create the database: %w", err)
	}
	return path, nil
}

// Ping implements store.Store. It also checks that the file exists: SQLite keeps using a removed file, and then loses
// everything.
func (s *Store) Ping(ctx context.Context) error {
	err := s.read(ctx, store.Events, func(r *conn) error {
		r.rollback() // a new snapshot reads the file
		if _, err := os.Stat(s.path); err != nil {
			return err
		}
		return r.exec("SELECT count(*) FROM sqlite_schema")
	})
	if err == nil || ctx.Err() != nil || store.CodeOf(err) == store.Unavailable {
		return err
	}
	return unavailable(err)
}

// Close implements store.Store. It waits for running operations; later ones are UNAVAILABLE.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closed)
		for range cap(s.reading) {
			s.reading <- struct{}{}
		}
		s.writing <- struct{}{}
		s.background.Wait()
		var errs []error
		for _, c := range append(s.idle, s.writer) {
			errs = append(errs, c.close())
		}
		if s.lock != nil {
			errs = append(errs, s.lock.release())
		}
		if err := errors.Join(errs...); err != nil {
			s.closeErr = fmt.Errorf("cannot close %s: %w", s.path, err)
		}
	})
	return s.closeErr
}
