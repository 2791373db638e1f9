package notify

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// panicError is a panic that was recovered.
type panicError struct {
	cause any
	stack string
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.cause) }

// guard returns what f returns, or a *panicError if f panics, so that one bad event or delivery doesn't stop the others.
func guard[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &panicError{cause, string(debug.Stack())}
		}
	}()
	return f()
}

// stackOf returns where a recovered panic happened, for the log; nothing for any other error.
func stackOf(err error) slog.Attr {
	var panicked *panicError
	if !errors.As(err, &panicked) {
		return slog.Attr{}
	}
	return slog.String("stack", panicked.stack)
}
