package store

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic that was recovered. If it is to go on in another goroutine, that one panics with it.
type PanicError struct {
	Value any
	Stack string
}

// Error returns the value of the panic as text.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Recovered returns the panic with that value, which recover has returned. Call it in the function that recovers, for its
// stack.
func Recovered(value any) *PanicError {
	if first, ok := value.(*PanicError); ok {
		return first
	}
	return &PanicError{Value: value, Stack: string(debug.Stack())}
}
