package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/cache"
	"crm/db/legacy"
	"crm/db/mongo"
	"crm/db/sqlite"
	"crm/db/store"
)

// connectTime is how long the server waits for MongoDB when it starts.
const connectTime = 30 * time.Second

// open opens the store that the settings name, and prepares it.
func open(ctx context.Context, s settings, log *slog.Logger, options db.Options) (*crm, error) {
	c := &crm{
		keys: textkey.New(s.region, s.collation), secrets: s.secrets, location: filepath.Join(s.dataDir, "crm.db"),
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
	hasher, err := auth.NewHasher(auth.PasswordCost, hashingSlots())
	if err != nil {
		return nil, err
	}
	if s.mongoURI == "" {
		c.store, err = openFile(ctx, c.location, s.cacheBytes)
	} else {
		c.store, err = mongo.Open(s.mongoURI, s.mongoDatabase, db.Collections())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
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
