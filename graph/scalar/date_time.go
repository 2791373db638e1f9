// Package scalar reads and writes the scalars of the API. It reads them strictly.
package scalar

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalDateTime writes a time as RFC 3339 in UTC with three digits of milliseconds, so that texts are in the order of
// their times.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		text := t.UTC().AppendFormat(make([]byte, 0, 32), `"2006-01-02T15:04:05.000Z"`)
		_, _ = w.Write(text)
	})
}

// strictDateTime matches what RFC 3339 allows, of which time.Parse accepts more and less: it takes a comma, hours of one digit
// and offsets of a day, and refuses lower-case letters. An offset of -00:00 says that the local time is unknown, for which
// the API has no use.
var strictDateTime = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// UnmarshalDateTime reads an RFC 3339 time, and truncates it to the millisecond. It keeps the offset, which decides what day it
// is.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, errors.New("must be a string like 2024-08-27T20:03:00Z")
	}
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
	if err != nil || !strictDateTime.MatchString(text) || strings.HasSuffix(text, "-00:00") {
		return time.Time{}, errors.New("must be a time like 2024-08-27T20:03:00Z")
	}
	return t.Truncate(time.Millisecond), nil
}
