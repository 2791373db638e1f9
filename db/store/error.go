package store

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code is the kind of an error. GraphQL clients find it in extensions.code.
type Code string

// The codes of this package; the GraphQL layer adds those that concern the request itself.
const (
	Unauthenticated Code = "UNAUTHENTICATED"
	Forbidden       Code = "FORBIDDEN"
	BadInput        Code = "BAD_USER_INPUT"
	NotFound        Code = "NOT_FOUND"
	Conflict        Code = "CONFLICT"
	RateLimited     Code = "RATE_LIMITED"
	Unavailable     Code = "UNAVAILABLE"
	// EventsExpired says that events that a subscriber missed are no longer kept.
	EventsExpired Code = "EVENTS_EXPIRED"
	// SlowConsumer says that a subscriber reads changes more slowly than they happen.
	SlowConsumer Code = "SLOW_CONSUMER"
)

// Problem is what is wrong with one field of an input.
type Problem struct {
	// Path leads to the field from the input's root, dot-separated: "email", "where.name.contains".
	Path    string
	Message string
}

// Error is the only error type whose message clients may see. Every other error is internal.
type Error struct {
	Code    Code
	Message string
	// Problems names the fields concerned, if there are any.
	Problems []Problem
	// RetryAfter is how long to wait before another try may succeed; zero if that isn't known.
	RetryAfter time.Duration
	// Err is the cause, for the log only.
	Err error
}

// Error returns the message, and the cause if there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an error of that code with that message for the client.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of err, or "" if it isn't an *Error.
func CodeOf(err error) Code {
	var coded *Error
	if errors.As(err, &coded) {
		return coded.Code
	}
	return ""
}

// IsRefusal reports whether the error of a write says that nothing has been written. After others nobody knows: the connection was lost, or
// the context ended, while the write was under way.
func IsRefusal(err error) bool {
	code := CodeOf(err)
	return code != "" && code != Unavailable
}

// FieldError returns an error of that code that concerns one field.
func FieldError(code Code, path, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	return &Error{Code: code, Message: path + ": " + message, Problems: []Problem{{Path: path, Message: message}}}
}

// Problems collects everything that is wrong with an input, so that one error reports it all.
type Problems []Problem

// Add records that the field at path is wrong.
func (p *Problems) Add(path, format string, args ...any) {
	*p = append(*p, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// Err returns nil if nothing was added, else one BAD_USER_INPUT error that names every field.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	texts := make([]string, len(p))
	for i, problem := range p {
		texts[i] = problem.Path + ": " + problem.Message
	}
	return &Error{Code: BadInput, Message: strings.Join(texts, "; "), Problems: p}
}
