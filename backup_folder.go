package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// backupName is the name of a backup in a folder, which has the time at which it was begun.
const backupName = "crm-20060102T150405Z.backup"

// backupFolder is a folder with backups of different times.
type backupFolder struct {
	path string
	// keep is how many of them are kept; zero keeps all.
	keep int
}

// isFolder reports whether a path leads to a folder.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// file returns the path of a backup that is begun now.
func (f backupFolder) file() string {
	return filepath.Join(f.path, time.Now().UTC().Format(backupName))
}

// times returns when the complete backups in the folder were begun: the newest first, but those dated in the future last. The clock was
// ahead when they were made, so that they are older than they seem, and what was backed up since is newer.
func (f backupFolder) times() ([]time.Time, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return nil, fmt.Errorf("cannot list the backups: %w", err)
	}
	var times []time.Time
	for _, entry := range entries {
		if at, err := time.Parse(backupName, entry.Name()); err == nil && entry.Type().IsRegular() {
			times = append(times, at)
		}
	}
	now := time.Now()
	slices.SortFunc(times, func(a, b time.Time) int {
		if a.After(now) != b.After(now) {
			return a.Compare(b)
		}
		return b.Compare(a)
	})
	return times, nil
}

// prune removes the oldest backups beyond the number that is kept, and the remains of interrupted ones. Those dated in the future, as the
// clock was ahead, are removed before all others, but never the one that has just been written: if it is dated in the future, the clock was
// set back meanwhile. What is unfinished and dated in the future stays: another machine, whose clock is ahead of this one's, may be
// writing it.
func (f backupFolder) prune(written string) error {
	times, err := f.times()
	if err != nil {
		return err
	}
	path := func(at time.Time) string { return filepath.Join(f.path, at.Format(backupName)) }
	others := slices.DeleteFunc(times, func(at time.Time) bool { return path(at) == written })
	var removed []error
	if f.keep > 0 && len(others) >= f.keep {
		for _, at := range others[f.keep-1:] {
			removed = append(removed, os.Remove(path(at)))
		}
	}
	entries, err := os.ReadDir(f.path)
	for _, entry := range entries {
		name, isUnfinished := strings.CutSuffix(entry.Name(), unfinished)
		if at, parsed := time.Parse(backupName, name); isUnfinished && parsed == nil && time.Since(at) > abandoned {
			removed = append(removed, os.Remove(filepath.Join(f.path, entry.Name())))
		}
	}
	return errors.Join(err, errors.Join(removed...))
}

// abandoned is the age at which an unfinished backup is taken for one that was interrupted.
const abandoned = 48 * time.Hour

// retryBackup is how soon a backup that has failed is tried again.
const retryBackup = 10 * time.Minute

// repeat calls back up whenever the newest backup is older than every, until ctx is done. What fails is logged and tried again. A backup
// dated in the future doesn't count, as the clock was ahead: if there is no other, one is made at once.
func (f backupFolder) repeat(ctx context.Context, every time.Duration, log *slog.Logger, backUp func() error) error {
	for ctx.Err() == nil {
		times, err := f.times()
		if err != nil {
			return err
		}
		pause := time.Duration(0)
		if len(times) > 0 && !times[0].After(time.Now()) {
			pause = max(0, time.Until(times[0].Add(every)))
		}
		if pause > 0 {
			log.Info("waiting until the next backup is due", slog.Duration("pause", pause))
		} else {
			err := backUp()
			if err == nil {
				log.Info("the backup is complete", slog.String("folder", f.path))
				continue
			}
			pause = min(retryBackup, every)
			if ctx.Err() == nil {
				log.Error("the backup failed", slog.Any("error", err), slog.Duration("retryIn", pause))
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}
