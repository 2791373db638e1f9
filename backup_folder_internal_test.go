package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// backupFrom returns the name of a backup that was begun at a time from now.
func backupFrom(from time.Duration) string { return time.Now().Add(from).UTC().Format(backupName) }

// TestPrune checks which files in a folder are removed after a backup, also while the clock is wrong.
func TestPrune(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	now, yesterday, before, tomorrow, later := backupFrom(-time.Minute), backupFrom(-day), backupFrom(-2*day), backupFrom(day), backupFrom(9*day)
	for _, test := range []struct {
		name    string
		keep    int
		written string
		others  []string
		removed []string
	}{
		{"all are kept", 0, now, []string{yesterday, before, tomorrow}, nil},
		{"the oldest is removed", 2, now, []string{yesterday, before}, []string{before}},
		{"those dated in the future are removed first", 2, now, []string{yesterday, tomorrow, later}, []string{tomorrow, later}},
		{"of those, the older ones first", 3, now, []string{yesterday, tomorrow, later}, []string{tomorrow}},
		{"only the one that was written", 1, now, []string{yesterday, tomorrow}, []string{yesterday, tomorrow}},
		{"the clock was set back meanwhile", 2, tomorrow, []string{yesterday, before}, []string{before}},
		{"the clock was set back, and one is kept", 1, later, []string{yesterday, tomorrow}, []string{yesterday, tomorrow}},
		{"what was interrupted long ago", 0, now, []string{backupFrom(-3*day) + unfinished, yesterday + unfinished}, []string{backupFrom(-3*day) + unfinished}},
		{"another machine writes, whose clock is ahead of this one", 1, now, []string{later + unfinished, tomorrow + unfinished}, nil},
		{"what is no backup", 1, now, []string{"other.backup", "crm-2020.backup" + unfinished}, nil},
	} {
		folder := backupFolder{path: t.TempDir(), keep: test.keep}
		for _, name := range append(slices.Clone(test.others), test.written) {
			if err := os.WriteFile(filepath.Join(folder.path, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := folder.prune(filepath.Join(folder.path, test.written)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		for _, name := range append(slices.Clone(test.others), test.written) {
			_, err := os.Stat(filepath.Join(folder.path, name))
			if removed := errors.Is(err, os.ErrNotExist); removed != slices.Contains(test.removed, name) {
				t.Errorf("%s: it is %t that %s is removed", test.name, removed, name)
			}
		}
	}
}

// TestRepeatedBackup checks what the log says when a backup was made, has failed, or was stopped.
func TestRepeatedBackup(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// fails says that the backup fails, stops that the program is stopped meanwhile; otherwise it is stopped by the line of the log.
		fails, stops bool
		stoppedBy    string
		want         []string
	}{
		{"it is made", false, false, "waiting", []string{"the backup is complete", "waiting until the next backup is due"}},
		{"it fails", true, false, "failed", []string{"the backup failed"}},
		{"it is stopped", true, true, "", nil},
		{"it is stopped when it is complete", false, true, "", []string{"the backup is complete"}},
	} {
		folder := backupFolder{path: t.TempDir()}
		ctx, stop := context.WithCancel(t.Context())
		var logged bytes.Buffer
		var messages []string
		log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.MessageKey {
				messages = append(messages, a.Value.String())
				if test.stoppedBy != "" && strings.Contains(a.Value.String(), test.stoppedBy) {
					stop()
				}
			}
			if a.Key == "seconds" {
				t.Errorf("%s: a duration is logged as %s", test.name, a)
			}
			return a
		}}))
		err := folder.repeat(ctx, 24*time.Hour, log, func() error {
			if test.stops {
				stop()
			}
			if test.fails {
				return errors.New("no space left on device")
			}
			return os.WriteFile(folder.file(), nil, 0o600)
		})
		if err != nil || !slices.Equal(messages, test.want) {
			t.Errorf("%s: %v, and the log is\n%s", test.name, err, logged.String())
		}
		stop()
	}
}
