package notify

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// refusingMailer refuses the sender until it is mended.
type refusingMailer struct{ mended atomic.Bool }

func (m *refusingMailer) Send(context.Context, *mail.Message) error {
	if m.mended.Load() {
		return nil
	}
	return &mail.SenderError{Err: errors.New("554 Relay access denied")}
}

// health returns the state of mail as an admin sees it.
func (w *world) health() *db.MailHealth {
	w.t.Helper()
	health, err := w.db.MailHealth(context.Background(), w.as(w.ada))
	if err != nil {
		w.t.Fatal(err)
	}
	return health
}

// TestRefusedSender: mail waits while the mail server refuses the sender, the operator is told once, and a restart sends it.
func TestRefusedSender(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		mailer := new(refusingMailer)
		log := new(transcript)
		hourly := func(s *settings) { s.pauses = []time.Duration{time.Millisecond, time.Hour} }
		stop := run(t, New(w.db, mailer, log.logger(), quick, hourly))
		for range 3 {
			w.announce("Yearly review")
		}
		eventually(t, func() bool {
			deliveries := w.deliveries()
			for _, d := range deliveries {
				if d.Attempts < 2 {
					return false
				}
			}
			return len(deliveries) == 6
		})
		health := w.health()
		if health.Pending != 6 || health.Held != 6 || health.HeldSince == nil || health.Problem == nil ||
			!strings.Contains(*health.Problem, "Relay access denied") {
			t.Errorf("the state of mail is %+v", health)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
			t.Errorf("the log has %d errors:\n%s", n, log)
		}
		mailer.mended.Store(true)
		run(t, New(w.db, mailer, discard(), quick, hourly))
		for _, d := range w.settled(6) {
			if d.Status != db.DeliverySent || d.HeldAt != nil {
				t.Errorf("status %s, held since %v", d.Status, d.HeldAt)
			}
		}
		if health := w.health(); *health != (db.MailHealth{}) {
			t.Errorf("the state of mail is %+v", health)
		}
	})
}

// TestRefusalEnds checks that the operator is told again when the same fault comes back, not when other mail gets through.
func TestRefusalEnds(t *testing.T) {
	t.Parallel()
	var r refusal
	log := new(transcript)
	fault := &mail.SenderError{Err: errors.New("554 Relay access denied")}
	held, other := &db.Delivery{ID: store.NewID()}, &db.Delivery{ID: store.NewID()}
	r.hold(log.logger(), held, fault)
	r.end(log.logger(), other)
	r.hold(log.logger(), held, fault)
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("told %d times of one fault", n)
	}
	r.end(log.logger(), held)
	r.hold(log.logger(), held, fault)
	if n := strings.Count(log.String(), "level=ERROR"); n != 2 {
		t.Errorf("told %d times of two faults", n)
	}
	held.HeldAt = nil // somebody has it sent again
	r.end(log.logger(), held)
	r.hold(log.logger(), held, fault)
	if n := strings.Count(log.String(), "level=ERROR"); n != 3 {
		t.Errorf("told %d times of three faults", n)
	}
	if r.hold(log.logger(), held, errors.New("450 later")) || held.HeldAt != nil {
		t.Error("a delivery is still held after another fault")
	}
}

// TestKeptMail: without a mail server, mail is kept. A later server sends none of it before somebody asks for that.
func TestKeptMail(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		stop := start(t, w.db, mail.Development{})
		w.announce("Yearly review")
		for _, d := range w.settled(2) {
			if d.Status != db.DeliveryKept || d.SentAt != nil || d.Attempts != 0 || d.LastError != nil {
				t.Errorf("status %s after %d attempts, sent at %v, error %v", d.Status, d.Attempts, d.SentAt, d.LastError)
			}
		}
		stop()
		start(t, w.db, acceptingMailer{})
		w.announceToCarl("Another review")
		w.settled(3)
		if kept := w.health().Kept; kept != 2 {
			t.Fatalf("%d messages are kept after a mail server was configured, want 2", kept)
		}
		redeliver := func(where store.Filter, want int) {
			t.Helper()
			n, left, err := w.db.RedeliverAll(t.Context(), w.as(w.ada), where, 1)
			if err != nil || n != want || left != 0 {
				t.Errorf("redelivered %d, %d left, error %v", n, left, err)
			}
		}
		redeliver(store.Eq("status", string(db.DeliveryFailed)), 0)
		toBob := store.Eq("account", string(auth.AccountKey(auth.User, w.bob.ID)))
		redeliver(store.And(toBob, store.Eq("status", string(db.DeliveryKept))), 1)
		eventually(t, func() bool { return w.health().Kept == 1 && w.health().Pending == 0 })
		for _, d := range w.deliveries() {
			if d.Status == db.DeliveryKept {
				if _, err := w.db.Redeliver(t.Context(), w.as(w.ada), d.ID); err != nil {
					t.Error(err)
				}
			}
		}
		for _, d := range w.settled(3) {
			if d.Status != db.DeliverySent || d.SentAt == nil {
				t.Errorf("status %s, sent at %v", d.Status, d.SentAt)
			}
		}
	})
}
