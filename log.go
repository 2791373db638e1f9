package main

import (
	"errors"
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

func parseLevel(text string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, errors.New("must be debug, info, warn or error")
	}
	return level, nil
}

// parseSlow reads how long a slow operation takes. The default is twice as long as hashing a password.
func parseSlow(text string) (time.Duration, error) {
	slow, err := time.ParseDuration(text)
	if err != nil || slow < 0 {
		return 0, errors.New("must be a time such as 500ms, or 0 for none")
	}
	return slow, nil
}

// logVerification says what it means that addresses needn't be verified, or can't be.
func logVerification(log *slog.Logger, s settings) {
	switch {
	case !*s.requireVerifiedEmail:
		log.Info("e-mail addresses are not verified: customers see what concerns their address without having shown that they read its mail; "+
			"SMTP_HOST and PUBLIC_URL change that, or REQUIRE_VERIFIED_EMAIL", "customerSignup", s.customerSignup)
	case s.smtp.Host == "":
		log.Warn("e-mail addresses have to be verified, but no links are mailed without SMTP_HOST: only the development mailbox shows them")
	}
}
