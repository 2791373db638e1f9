package db

import (
	"context"

	"crm/db/store"
)

// exceptCode returns the error, or nil if it has that code.
func exceptCode(err error, code store.Code) error {
	if store.CodeOf(err) == code {
		return nil
	}
	return err
}

// ignoreNotFound turns NOT_FOUND into nil, for a write to what somebody else may have changed meanwhile.
func ignoreNotFound(err error) error { return exceptCode(err, store.NotFound) }

// logFailure logs what went wrong, if anything did, after the change had been written that was asked for. Returning the error would say that
// nothing had happened, and make clients ask again.
func (d *DB) logFailure(ctx context.Context, what string, err error) {
	if err != nil {
		d.options.Log.ErrorContext(ctx, what, "error", err)
	}
}
