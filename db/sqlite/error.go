package sqlite

import (
	"context"
	"errors"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// errNoRow says that an operation found no document; fromSQLite makes it NOT_FOUND.
var errNoRow = errors.New("no document matches")

// fromSQLite converts every error of an operation on c to the one that store.Store specifies. ctx is the caller's.
func fromSQLite(ctx context.Context, c *store.Collection, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, errNoRow) {
		return store.Errorf(store.NotFound, "not found")
	}
	code := sqlite.ErrCode(err)
	switch code.ToPrimary() {
	case sqlite.ResultInterrupt, sqlite.ResultBusy:
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return unavailable(err)
	case sqlite.ResultIOErr, sqlite.ResultCantOpen, sqlite.ResultFull, sqlite.ResultProtocol,
		sqlite.ResultReadOnly:
		return unavailable(err)
	case sqlite.ResultConstraint:
		return conflict(c, err)
	}
	return err
}

func unavailable(cause error) error {
	return &store.Error{Code: store.Unavailable, Message: "the database is not available", Err: cause}
}

// errClosed is the error of operations after Close.
func errClosed() error { return unavailable(errors.New("the store is closed")) }

// undone reports whether a failed statement left no changes in its transaction, and left it open.
func undone(err error) bool {
	return errors.Is(err, errNoRow) || sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint
}

// conflict converts the violation of a unique index of c to a CONFLICT on the field that the index reports. Other
// violations, such as an event that is in the log already, aren't caused by a client and stay as they are.
func conflict(c *store.Collection, err error) error {
	field := ""
	if c != nil {
		field = violated(c, err.Error())
	}
	if field == "" {
		return err
	}
	refused := store.FieldError(store.Conflict, field, "is already taken")
	refused.Err = err
	return refused
}

// violated finds the field in SQLite's message, which lists the index's columns: "...: things.code, things.rank".
func violated(c *store.Collection, message string) string {
	const marker = "UNIQUE constraint failed: "
	at := strings.LastIndex(message, marker)
	if at < 0 {
		return ""
	}
	columns := strings.Split(message[at+len(marker):], ", ")
	for i, column := range columns {
		name, ok := strings.CutPrefix(column, c.Name+".")
		if !ok {
			return ""
		}
		columns[i] = name
	}
	if slices.Equal(columns, []string{"_id"}) {
		return "_id"
	}
	for _, index := range c.Indexes {
		same := func(key store.Key, column string) bool { return key.Field == column }
		if !index.Unique || !slices.EqualFunc(index.Keys, columns, same) {
			continue
		}
		if index.Reports != "" {
			return index.Reports
		}
		return index.Keys[0].Field
	}
	return ""
}
