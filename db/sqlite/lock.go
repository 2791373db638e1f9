package sqlite

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

// lockTime is how long Open waits for another process that uses the file.
const lockTime = 15 * time.Second

// fileLock keeps other processes from opening the same file. It is an exclusive transaction on an empty database beside
// the file: SQLite's own locks work on every system, and end with the process, however that ends. Programs that only read
// the file, such as a backup, don't need it.
type fileLock struct{ conn *sqlite.Conn }

// lockFile takes the lock of the file at path.
func lockFile(ctx context.Context, path string) (*fileLock, error) {
	empty, err := createFile(path + "-lock")
	if err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(empty, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	}
	lock := &fileLock{conn}
	limited, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	conn.SetInterrupt(limited.Done())
	conn.SetBlockOnBusy()
	err = lock.exec("BEGIN EXCLUSIVE")
	conn.SetInterrupt(nil)
	if err == nil {
		return lock, nil
	}
	_ = lock.release() // the first error is the one that matters
	if limited.Err() != nil {
		return nil, fmt.Errorf("cannot open %s: another process is using it", path)
	}
	return nil, fmt.Errorf("cannot lock %s: %w", path, err)
}

func (l *fileLock) exec(text string) error {
	stmt, _, err := l.conn.PrepareTransient(text)
	if err != nil {
		return err
	}
	if _, err := stmt.Step(); err != nil {
		_ = stmt.Finalize() // it repeats the error
		return err
	}
	return stmt.Finalize()
}

func (l *fileLock) release() error { return l.conn.Close() }
