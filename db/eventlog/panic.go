package eventlog

import (
	"errors"
	"log/slog"

	"crm/db/store"
)

// Guard returns what f returns, or a *store.PanicError if f panics, so that one bad event doesn't stop the others.
func Guard[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = store.Recovered(value)
		}
	}()
	return f()
}

// StackOf returns the stack of a recovered panic, for the log; it is empty for any other error.
func StackOf(err error) slog.Attr {
	var panicked *store.PanicError
	if !errors.As(err, &panicked) {
		return slog.Attr{}
	}
	return slog.String("stack", panicked.Stack)
}
