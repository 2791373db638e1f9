package db

import (
	"context"
	"errors"
	"log/slog"

	"crm/db/entity"
	"crm/db/store"
)

// refused logs that a password was refused, with the client's network address, for those who watch for attacks, and returns the
// error. The address of the account isn't logged: whoever mistypes theirs, or enters a password there, would find it in the log.
// Errors that have other reasons are not logged.
func (d *DB) refused(ctx context.Context, kind entity.Kind, account store.ID, address string, err error) error {
	var reason *store.Error
	if !errors.As(err, &reason) || reason.Code == store.Unavailable {
		return err
	}
	text := reason.Message
	if len(reason.Problems) > 0 { // without the path, which is the API's
		text = "wrong current password"
	}
	attributes := []slog.Attr{
		slog.String("address", address), slog.String("kind", catalog.ByKind(kind).Noun), slog.String("reason", text),
	}
	if !account.IsZero() {
		attributes = append(attributes, slog.String("account", kind.GlobalID(account)))
	}
	d.options.Log.LogAttrs(ctx, slog.LevelWarn, "log-in refused", attributes...)
	return err
}
