package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestLog checks that lines are JSON or, on a terminal, text, and that durations have a unit.
func TestLog(t *testing.T) {
	t.Parallel()
	var machine, person bytes.Buffer
	for _, log := range []*slog.Logger{newLog(&machine, false, slog.LevelInfo), newLog(&person, true, slog.LevelInfo)} {
		log.Debug("hidden")
		log.With("retryIn", 90*time.Second).Info("waiting", slog.Group("mail", "took", 1234567*time.Nanosecond), "at", time.Unix(0, 0).UTC())
	}
	var line struct {
		Msg       string
		RetryInMs float64
		Mail      struct{ TookMs float64 }
	}
	if err := json.Unmarshal(machine.Bytes(), &line); err != nil || line.Msg != "waiting" || line.RetryInMs != 90_000 || line.Mail.TookMs != 1.235 {
		t.Errorf("the line is %s, %v", machine.String(), err)
	}
	if text := person.String(); !strings.Contains(text, "msg=waiting retryInMs=90000 mail.tookMs=1.235 at=") || strings.Count(text, "\n") != 1 {
		t.Errorf("the line is %s", text)
	}
}
