package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"golang.org/x/term"
)

// unfinished ends the name of a backup that is being written. If the program is killed, such a file is left, and no other.
const unfinished = ".unfinished"

// openBackup opens the file of a backup, or the standard output for "-". end gives the file its name if the backup has been
// written, and removes it otherwise.
func openBackup(path, passphrase string, streams streams) (out io.Writer, end func(error) error, err error) {
	file, finish := streams.out, func(error) error { return nil }
	if path != "-" {
		if file, err = os.OpenFile(path+unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return nil, nil, fmt.Errorf("cannot write the backup: %w", err)
		}
		finish = func(failed error) error { return finishFile(file, path, failed) }
	} else if term.IsTerminal(int(file.Fd())) {
		return nil, nil, errors.New("a backup can't be shown on a terminal; name a file, or redirect the output")
	}
	progress := &progress{out: file}
	if term.IsTerminal(int(streams.logs.Fd())) {
		progress.shown = streams.logs
	}
	target := io.WriteCloser(progress)
	if passphrase != "" {
		recipient, err := age.NewScryptRecipient(passphrase)
		if err == nil {
			target, err = age.Encrypt(progress, recipient)
		}
		if err != nil {
			err = fmt.Errorf("cannot encrypt the backup: %w", err)
			return nil, nil, errors.Join(err, finish(err))
		}
	}
	return target, func(failed error) error {
		if failed == nil {
			failed = target.Close()
		}
		progress.end()
		return errors.Join(failed, finish(failed))
	}, nil
}

// finishFile makes a complete backup durable under its name, and removes one that has failed.
func finishFile(file *os.File, path string, failed error) error {
	if failed != nil {
		return errors.Join(file.Close(), os.Remove(file.Name()))
	}
	err := errors.Join(file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("cannot write the backup: %w", err)
	}
	return nil
}

// syncFolder makes the names in a folder durable, where the system can do that.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = folder.Sync() // some systems can't sync folders, and there is nothing to do about it
	return folder.Close()
}

// progressPause is how often progress is shown.
const progressPause = 200 * time.Millisecond

// progress shows on a terminal how much has been written.
type progress struct {
	out io.Writer
	// shown is nil if nobody looks.
	shown   io.Writer
	written int64
	last    time.Time
}

// Write implements io.Writer.
func (p *progress) Write(content []byte) (int, error) {
	n, err := p.out.Write(content)
	p.written += int64(n)
	if p.shown != nil && time.Since(p.last) >= progressPause {
		p.last = time.Now()
		_, _ = fmt.Fprintf(p.shown, "\r%.1f MB", float64(p.written)/1e6)
	}
	return n, err
}

// Close implements io.Closer. What it writes to is closed by whoever has opened it.
func (*progress) Close() error { return nil }

func (p *progress) end() {
	if p.shown != nil {
		_, _ = fmt.Fprintf(p.shown, "\r%.1f MB\n", float64(p.written)/1e6)
	}
}
