package main

import (
	"io"
	"log/slog"
	"time"
)

// newLog returns a log for people on a terminal, or for machines, in JSON.
func newLog(out io.Writer, terminal bool, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: withUnit}
	if terminal {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}

// withUnit writes a duration in milliseconds, and names the unit: retryIn becomes retryInMs.
func withUnit(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() != slog.KindDuration {
		return a
	}
	return slog.Float64(a.Key+"Ms", float64(a.Value.Duration().Round(time.Microsecond))/float64(time.Millisecond))
}
