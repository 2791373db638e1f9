package eventlog

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// PanicError is a panic that was recovered.
type PanicError struct {
	Value any
	Stack string
}

// Error returns the value of the panic as text.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Guard returns what f returns, or a *PanicError if f panics, so that one bad event doesn't stop the others.
func Guard[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: string(debug.Stack())}
		}
	}()
	return f()
}

// StackOf returns the stack of a recovered panic, for the log; it is empty for any other error.
func StackOf(err error) slog.Attr {
	var panicked *PanicError
	if !errors.As(err, &panicked) {
		return slog.Attr{}
	}
	return slog.String("stack", panicked.Stack)
}
