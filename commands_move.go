package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crm/auth"
	"crm/db"
	"crm/db/backup"
	"crm/db/mongo"
)

const moveUsage = "move takes where the data shall be: move --to FOLDER|MONGO_URI, or --to-file FILE, whose first line says that"

// parseMove parses the command that copies all data to another store.
func (c call) parseMove() (command, error) {
	flags := flag.NewFlagSet("move", flag.ContinueOnError)
	to, file := flags.String("to", "", ""), flags.String("to-file", "", "")
	arguments, err := parseMixed(flags, c.Arguments)
	if err != nil || len(arguments) > 0 || (*to == "") == (*file == "") {
		return command{}, errors.New(moveUsage)
	}
	return command{alone: true, run: func(ctx context.Context, crm *crm, _ string, out io.Writer) error {
		place := *to
		if place == "" {
			var err error
			if place, err = firstLine("--to-file", *file); err != nil {
				return err
			}
		}
		return move(ctx, crm, place, out, c.Terminal)
	}}, nil
}

// move copies the data of a store to another place, compares both, and says how the server uses it there.
func move(ctx context.Context, from *crm, place string, out io.Writer, terminal bool) error {
	s, err := settingsAt(from.settings, place)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	s.secrets = from.secrets
	to, err := open(ctx, s, slog.New(slog.DiscardHandler), db.Options{Filling: true})
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer to.close()
	documents := 0
	err = to.db.Receive(ctx, func(ctx context.Context) (err error) {
		documents, err = backup.Copy(ctx, from.store, to.store, db.BackedUp(), showDocuments(out, terminal))
		if terminal {
			_, _ = fmt.Fprintln(out)
		}
		if err != nil {
			return err
		}
		if files := from.ownFiles(); files.Store != nil {
			if err := backup.CopyFiles(ctx, from.store, files, to.files); err != nil {
				return err
			}
		}
		return compare(ctx, from, to)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", to.location, err)
	}
	if to.folder != "" {
		if err := auth.StoreSecrets(from.secrets.Variables(), to.folder); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%d documents have been moved to %s, and compared. %s\n", documents, to.location, whatNext(from, to))
	return err
}

// whatNext says how the server uses a store to which the data has been moved.
func whatNext(from, to *crm) string {
	if to.folder != "" {
		return fmt.Sprintf("Start the server with DATA_DIR=%s and without MONGO_URI; the keys are there, too.", to.folder)
	}
	next := "Start the server with that MONGO_URI and the same keys"
	if lines := from.secrets.KeyFiles(from.folder); from.folder != "" && len(lines) > 0 {
		return next + ", which these lines in .env read:\n" + strings.Join(lines, "\n")
	}
	return next + "."
}

// settingsAt returns settings with which the data is at another place: a URI of MongoDB, or a folder or the data file in it.
func settingsAt(s settings, place string) (settings, error) {
	if strings.Contains(place, "://") {
		database, err := mongo.DatabaseName(place, "crm")
		if err == nil && s.mongoURI == place && s.mongoDatabase == database {
			err = errors.New("the data is there already")
		}
		s.mongoURI, s.mongoDatabase = place, database
		return s, err
	}
	if filepath.Base(place) == dataFile {
		place = filepath.Dir(place)
	}
	if s.mongoURI == "" && sameFolder(s.dataDir, place) {
		return s, errors.New("the data is there already")
	}
	s.mongoURI, s.mongoDatabase, s.dataDir = "", "", place
	return s, nil
}

func sameFolder(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// compare returns an error if two stores have different documents.
func compare(ctx context.Context, from, to *crm) error {
	source, err := backup.Sums(ctx, from.store, db.BackedUp())
	if err != nil {
		return err
	}
	target, err := backup.Sums(ctx, to.store, db.BackedUp())
	if err != nil {
		return err
	}
	var differing []string
	for name, sum := range source {
		if target[name] != sum {
			differing = append(differing, fmt.Sprintf("%s (%d and %d documents)", name, sum.Documents, target[name].Documents))
		}
	}
	if len(differing) == 0 {
		return nil
	}
	slices.Sort(differing)
	return fmt.Errorf("the data has changed meanwhile in %s: stop all servers and call crm move again, which copies what differs",
		strings.Join(differing, ", "))
}
