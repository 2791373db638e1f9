package mongo

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// Dates before the first and after the last can't be written as an RFC 3339 time. The old application stored a missing
// time as the first moment of the year 1.
var (
	firstDate = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)
	lastDate  = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
)

// timeLayouts are the forms in which other programs write times. Without an offset, the time is in UTC.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700 MST", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05",
	"2006-01-02 15:04", time.DateOnly, time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC, time.UnixDate,
	"Mon Jan 02 2006 15:04:05 GMT-0700",
}

// maxSeconds is the largest number that is read as seconds since 1970; larger ones are milliseconds.
const maxSeconds = 100_000_000_000

// readTime reads a time that is stored as a date, a text or a number.
func readTime(value bson.RawValue) (time.Time, error) {
	at, err := anyTime(value)
	if err == nil && at.After(lastDate) {
		return time.Time{}, errors.New("it is after the year 9999")
	}
	return at.UTC().Truncate(time.Millisecond), err
}

func anyTime(value bson.RawValue) (time.Time, error) {
	switch value.Type {
	case bson.TypeDateTime:
		return time.UnixMilli(value.DateTime()), nil
	case bson.TypeTimestamp:
		seconds, _ := value.Timestamp()
		return time.Unix(int64(seconds), 0), nil
	case bson.TypeString:
		return parseTime(strings.TrimSpace(value.StringValue()))
	case bson.TypeInt32, bson.TypeInt64:
		return numberedTime(float64(value.AsInt64()))
	case bson.TypeDouble:
		return numberedTime(value.Double())
	}
	return time.Time{}, wrongType(value, "date")
}

func parseTime(text string) (time.Time, error) {
	plain, _, _ := strings.Cut(text, " m=") // a time.Time of Go, printed with its monotonic clock
	plain, _, _ = strings.Cut(plain, " (")  // a Date of JavaScript, printed with the name of its time zone
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, plain); err == nil {
			return at, nil
		}
	}
	if n, err := strconv.ParseFloat(plain, 64); err == nil && math.Abs(n) > 99_999 { // not a year
		return numberedTime(n)
	}
	return time.Time{}, errors.New("it is a string, but not a time")
}

func numberedTime(n float64) (time.Time, error) {
	switch {
	case math.IsNaN(n) || math.Abs(n) > float64(lastDate.UnixMilli()):
		return time.Time{}, errors.New("it is a number, but not a time")
	case math.Abs(n) <= maxSeconds:
		return time.UnixMilli(int64(n * 1000)), nil
	}
	return time.UnixMilli(int64(n)), nil
}

// missing returns the value of a field that a document lacks.
func (l *layout) missing(raw bson.Raw, f store.Field) any {
	if f.Fallback == "" {
		return f.Default
	}
	return l.fallback(raw, f)
}

// fallback returns the time of the field that another one falls back on.
func (l *layout) fallback(raw bson.Raw, f store.Field) time.Time {
	if f.Fallback == idField {
		id, _ := raw.Lookup(idField).ObjectIDOK()
		return id.Timestamp().UTC()
	}
	value := raw.Lookup(f.Fallback)
	if at, err := readTime(value); err == nil && !at.Before(firstDate) {
		return at
	}
	return l.fallback(raw, l.Fields[l.index[f.Fallback]])
}
