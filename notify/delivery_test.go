package notify

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"crm/db"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// TestDelivery sends mail through a real server with various replies.
func TestDelivery(t *testing.T) {
	t.Parallel()
	later := &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "greylisted"}
	never := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	relay := &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Relay access denied"}
	until := func(calls int, err error) func(int, net.Conn) error {
		return func(call int, _ net.Conn) error {
			if call > calls {
				return nil
			}
			return err
		}
	}
	drop := func(call int, conn net.Conn) error {
		if call > 2 {
			return nil
		}
		_ = conn.Close()
		return mailtest.ErrDropped
	}
	for _, test := range []struct {
		name        string
		onRecipient func(int, net.Conn) error
		onData      func(int, net.Conn) error
		status      db.DeliveryStatus
		attempts    int
		reason      string
	}{
		{"accepted", nil, nil, db.DeliverySent, 1, ""},
		{"450, then accepted", until(3, later), nil, db.DeliverySent, 4, ""},
		{"450 forever", until(100, later), nil, db.DeliveryFailed, 8, "450"},
		{"550", until(100, never), nil, db.DeliveryFailed, 1, "no such mailbox"},
		{"450 to the message, then accepted", nil, until(1, later), db.DeliverySent, 2, ""},
		{"554 to the message", nil, until(100, &smtp.SMTPError{Code: 554, Message: "spam"}), db.DeliveryFailed, 1, "spam"},
		{"relay denied, then accepted", until(3, relay), nil, db.DeliverySent, 4, ""},
		{"relay denied forever", until(100, relay), nil, db.DeliveryFailed, 8, "Relay access denied"},
		{"connection dropped in DATA", nil, drop, db.DeliverySent, 3, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			server := mailtest.NewServer(t, func(s *mailtest.Server) { s.OnRecipient, s.OnData = test.onRecipient, test.onData })
			w.announceToCarl("Yearly review")
			start(t, w.db, newMailer(t, server))
			d := w.settled(1)[0]
			if d.Status != test.status || d.Attempts != test.attempts || (d.SentAt != nil) != (d.Status == db.DeliverySent) {
				t.Errorf("status %s after %d attempts, sent at %v", d.Status, d.Attempts, d.SentAt)
			}
			switch {
			case test.reason == "" && d.LastError != nil:
				t.Errorf("the last error is %s", *d.LastError)
			case test.reason != "" && (d.LastError == nil || !strings.Contains(*d.LastError, test.reason)):
				t.Errorf("the last error is %v", d.LastError)
			}
			if got := len(server.Inbox()); (got == 1) != (test.status == db.DeliverySent) {
				t.Errorf("the server has %d mails", got)
			}
		})
	}
}

// TestPauses checks that a failed attempt isn't repeated too early, and that staff see the reason and the time of the
// next one.
func TestPauses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defaults := New(w.db, mail.Development{}, nil).settings
	var total time.Duration
	for _, pause := range defaults.pauses {
		total += pause
	}
	if defaults.pauses[0] != time.Minute || slices.Max(defaults.pauses) != 6*time.Hour || !slices.IsSorted(defaults.pauses) ||
		total < 5*24*time.Hour || total > 5*24*time.Hour+6*time.Hour {
		t.Errorf("pauses %v, together %s", defaults.pauses, total)
	}
	server := mailtest.NewServer(t, func(s *mailtest.Server) {
		s.OnRecipient = func(int, net.Conn) error { return &smtp.SMTPError{Code: 450, Message: "greylisted"} }
	})
	w.announceToCarl("Yearly review")
	start(t, w.db, newMailer(t, server), func(s *settings) { s.pauses = defaults.pauses })
	var d *db.Delivery
	eventually(t, func() bool {
		deliveries := w.deliveries()
		if len(deliveries) == 1 && deliveries[0].Attempts > 0 {
			d = deliveries[0]
		}
		return d != nil
	})
	pause := time.Until(d.NextAttemptAt)
	if d.Status != db.DeliveryPending || d.Attempts != 1 || pause < 30*time.Second || pause > 70*time.Second {
		t.Errorf("status %s after %d attempts, next in %s", d.Status, d.Attempts, pause)
	}
	if d.LastError == nil || !strings.Contains(*d.LastError, "greylisted") {
		t.Errorf("the last error is %v", d.LastError)
	}
}
