// Package scalar reads and writes the scalars of the API. It reads them strictly.
package scalar

import (
	"errors"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalDateTime writes a time as RFC 3339 in UTC, with milliseconds if there are any.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		text := t.UTC().AppendFormat(make([]byte, 0, 32), `"2006-01-02T15:04:05.999Z"`)
		_, _ = w.Write(text)
	})
}

// UnmarshalDateTime reads an RFC 3339 time, and truncates it to the millisecond.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, errors.New("must be a string like 2024-08-27T20:03:00Z")
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, errors.New("must be a time like 2024-08-27T20:03:00Z")
	}
	return t.UTC().Truncate(time.Millisecond), nil
}
