package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/cache"
	"crm/db/eventlog"
	"crm/db/legacy"
	"crm/db/mongo"
	"crm/db/sqlite"
	"crm/db/store"
	"crm/db/textkey"
	"crm/files"
)

// dataFile is the name of the data file in its folder.
const dataFile = "crm.db"

// connectTime is how long the server waits for MongoDB when it starts.
const connectTime = 30 * time.Second

// crm is an open store and the domain over it.
type crm struct {
	store   store.Store
	files   files.Store
	db      *db.DB
	secrets auth.Secrets
	keys    *textkey.Keys
	// folder has the data file and the keys; it is empty with MongoDB.
	folder string
	// location says where the data is.
	location string
	// settings are those that the store was opened with.
	settings settings
}

func (c *crm) close() { _ = c.store.Close() }

// health returns what is known about the health of the store.
func (c *crm) health(s settings) health {
	if s.mongoURI != "" {
		return health{ping: c.db.Ping}
	}
	return health{ping: c.db.Ping, disk: &disk{folder: s.dataDir}}
}

// follow runs the broker of subscriptions until stop is called, which must be after the transports have ended their
// streams: if the broker ended them, clients would get an error and not reconnect by themselves.
func (c *crm) follow(ctx context.Context, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() { c.db.Broker.Run(ctx) })
	following.Go(func() { eventlog.Listen(ctx, c.store, log, c.db.Broker.Wake) })
	return func() {
		cancel()
		following.Wait()
	}
}

// workBeside does what the server needn't wait for, until stop is called: it builds indexes, and scans files that are in quarantine.
func (c *crm) workBeside(ctx context.Context, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() { c.db.BuildIndexes(ctx, log) })
	working.Go(func() { c.rescan(ctx, log) })
	return func() {
		cancel()
		working.Wait()
	}
}

// open opens the store that the settings name, and prepares it.
func open(ctx context.Context, s settings, log *slog.Logger, options db.Options) (*crm, error) {
	c := &crm{
		keys: textkey.New(s.region, s.collation), secrets: s.secrets, location: filepath.Join(s.dataDir, dataFile), settings: s,
	}
	variable := "DATA_DIR"
	if s.mongoURI != "" {
		c.location, variable = "MongoDB, database "+s.mongoDatabase, "MONGO_URI"
	}
	if s.mongoURI == "" {
		c.folder = s.dataDir
		if err := c.secrets.Complete(s.dataDir); err != nil {
			return nil, fmt.Errorf("DATA_DIR: %w", err)
		}
		if err := checkKeys(&c.secrets); err != nil { // those in the folder, too
			return nil, err
		}
	}
	hasher, err := auth.NewHasher(s.passwordCost, hashingSlots())
	if err != nil {
		return nil, err
	}
	if s.mongoURI == "" {
		c.files = files.NewFolder(filesPath(s.dataDir))
		c.store, err = openFile(ctx, c.location, s.cacheBytes)
	} else {
		err = c.openMongo()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	if err := c.openFiles(); err != nil {
		c.close()
		return nil, err // it names the variable
	}
	options = c.withFiles(options)
	options.CursorKeys, options.Keys, options.Log = c.secrets.General, c.keys, log
	if s.mongoURI == "" {
		c.db = db.New(c.store, hasher, options)
		err = c.db.Upgrade(ctx, log)
	} else {
		c.db = db.New(legacy.Follow(c.store, c.keys, legacy.Pause, log), hasher, options)
		err = c.prepareMongo(ctx, s, log)
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return c, nil
}

// hashingSlots returns how many passwords are hashed at a time: half as many as there are processors, because each
// occupies one for a quarter of a second. When all processors hashed, other requests' p99 was 4 times that of an idle
// server; it is 2.5 times that now (bench --mixed).
func hashingSlots() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// checkKeys returns what is wrong with keys.
func checkKeys(secrets *auth.Secrets) error {
	var wrong []error
	secrets.Check(func(variable string, err error) { wrong = append(wrong, fmt.Errorf("%s: %w", variable, err)) })
	return errors.Join(wrong...)
}

// openFile opens a data file, with a cache in memory unless its size is zero.
func openFile(ctx context.Context, path string, cacheBytes int) (store.Store, error) {
	engine, err := sqlite.Open(ctx, path, db.Collections())
	if err != nil {
		return nil, err
	}
	if cacheBytes == 0 {
		return engine, nil
	}
	cached, err := cache.New(engine, db.Kept(), cacheBytes)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return cached, nil
}

// openMongo opens a database, with its files.
func (c *crm) openMongo() error {
	engine, err := mongo.Open(c.settings.mongoURI, c.settings.mongoDatabase, db.Collections(), c.settings.mongoOptions...)
	if err != nil {
		return err
	}
	c.store, c.files = engine, engine.Files()
	return nil
}

// parseCacheBytes reads the size of the cache.
func parseCacheBytes(text string) (int, error) {
	bytes, err := strconv.ParseUint(text, 10, 40)
	if err != nil || bytes > 0 && bytes < cache.MinBytes {
		return 0, fmt.Errorf("must be a number of bytes, at least %d, or 0 for no cache", cache.MinBytes)
	}
	return int(bytes), nil
}

// prepareMongo prepares the old application's data, or says where it is if the database is empty.
func (c *crm) prepareMongo(ctx context.Context, s settings, log *slog.Logger) error {
	if err := c.db.Prepare(ctx, connectTime, legacy.Backfill, log); err != nil {
		return err
	}
	reports, err := legacy.Elsewhere(ctx, c.store, s.mongoDatabase)
	for _, report := range reports {
		log.Warn(report)
	}
	return err
}

// parseRetention reads a number of days, as in 400d, or a time like 9600h.
func parseRetention(text string) (time.Duration, error) {
	retention, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		retention = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || retention < db.MinEventRetention {
		return 0, errors.New("must be at least 30 days, such as 400d or 9600h")
	}
	return retention, nil
}
