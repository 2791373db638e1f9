package notify

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crm/db"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// eventually waits until the condition holds.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	eventuallyWithin(t, timeout, condition)
}

func eventuallyWithin(t *testing.T, limit time.Duration, condition func() bool) {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatal("it didn't happen in time")
		case <-tick.C:
		}
	}
}

// quick makes a Service poll often and retry soon.
func quick(s *settings) {
	s.config.Sender = "CRM <crm@example.com>"
	s.poll, s.longest, s.grace = 5*time.Millisecond, 20*time.Millisecond, 5*time.Second
	s.erase = 20 * time.Millisecond
	s.pauses = slices.Repeat([]time.Duration{time.Millisecond}, 7)
}

// acceptingMailer accepts every message.
type acceptingMailer struct{}

func (acceptingMailer) Send(context.Context, *mail.Message) error { return nil }

// start runs a Service until the test ends or stop is called.
func start(t *testing.T, d *db.DB, mailer mail.Mailer, options ...Option) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	service := New(d, mailer, slog.New(slog.NewTextHandler(t.Output(), nil)), append([]Option{quick}, options...)...)
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	var stopped bool
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// newMailer returns an SMTP for a server, with a password. change may change its configuration.
func newMailer(t *testing.T, server *mailtest.Server, change ...func(*mail.SMTPConfig)) *mail.SMTP {
	t.Helper()
	config := mail.SMTPConfig{
		Host: "127.0.0.1", Port: server.Port(), From: "CRM <" + mailtest.User + ">", Password: mailtest.Password,
		RootCAs: server.Roots,
	}
	for _, c := range change {
		c(&config)
	}
	mailer, err := mail.NewSMTP(config)
	if err != nil {
		t.Fatal(err)
	}
	return mailer
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q isn't in\n%s", part, text)
		}
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// run runs a Service; stop ends it and returns its error.
func run(t *testing.T, service *Service) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = stop() })
	return stop
}

// planAll moves and plans all events.
func (w *world) planAll(service *Service) {
	w.t.Helper()
	w.moveAll()
	w.planMoved(service)
}

// moveAll moves all events into the log.
func (w *world) moveAll() {
	w.t.Helper()
	for {
		moved, err := w.store.MoveEvents(w.t.Context(), batch)
		if err != nil {
			w.t.Fatal(err)
		}
		if moved == 0 {
			return
		}
	}
}

// planMoved plans the events in the log.
func (w *world) planMoved(service *Service) {
	w.t.Helper()
	if err := service.planner.round(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}
