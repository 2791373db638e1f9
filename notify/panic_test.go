package notify

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// panickingMailer panics on some messages.
type panickingMailer struct {
	mail.Mailer
	panics func(*mail.Message) bool
}

func (m panickingMailer) Send(ctx context.Context, message *mail.Message) error {
	if m.panics(message) {
		panic("the mailer has a fault")
	}
	return m.Mailer.Send(ctx, message)
}

// TestPanickingMailer checks that a panic on one message counts as a failed attempt, and that the others are sent.
func TestPanickingMailer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		panics   int64
		status   db.DeliveryStatus
		attempts int
	}{
		{"three times", 3, db.DeliverySent, 4},
		{"always", 1_000, db.DeliveryFailed, 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var panics atomic.Int64
			mailer := panickingMailer{acceptingMailer{}, func(m *mail.Message) bool {
				return m.Subject == "New meeting: Bad" && panics.Add(1) <= test.panics
			}}
			w.announceToCarl("Bad")
			w.announceToCarl("Good")
			log := new(transcript)
			run(t, New(w.db, mailer, log.logger(), quick))
			for _, d := range w.settled(2) {
				if d.Subject == "New meeting: Good" {
					if d.Status != db.DeliverySent || d.Attempts != 1 {
						t.Errorf("the good one: status %s after %d attempts", d.Status, d.Attempts)
					}
					continue
				}
				if d.Status != test.status || d.Attempts != test.attempts {
					t.Errorf("status %s after %d attempts", d.Status, d.Attempts)
				}
				if d.LastError != nil && strings.Contains(*d.LastError, "mailer has a fault") {
					t.Errorf("staff see %q", *d.LastError)
				}
				contains(t, log.String(), "delivery="+d.ID.String(), "attempt=3", "panic: the mailer has a fault", "panic_test.go")
			}
		})
	}
}

// TestPanickingRow checks that a row of the table that panics on one event delays only that event, until it no longer
// panics.
func TestPanickingRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var healed atomic.Bool
	row := announcements[slices.IndexFunc(announcements, func(row announcement) bool { return row.event == db.EventInteractionCreated })]
	row.onlyIf = func(_ *store.Event, data db.EventData) bool {
		if data.Entity.(*db.Interaction).Title == "Bad" && !healed.Load() {
			panic("the row has a fault")
		}
		return true
	}
	w.announce("Bad")
	w.announce("Good")
	log := new(transcript)
	service := New(w.db, mail.Development{}, log.logger(), quick)
	service.planner.composer = newComposer(w.db, log.logger(), []announcement{row}, Config{})
	run(t, service)
	for _, d := range w.settled(2) {
		if d.Subject != "New meeting: Good" {
			t.Errorf("%q was planned", d.Subject)
		}
	}
	eventually(t, func() bool { return strings.Contains(log.String(), "attempt=3") })
	events, err := w.db.UnplannedEvents(t.Context(), 10)
	if err != nil || len(events) != 1 {
		t.Fatalf("events %v, error %v", events, err)
	}
	contains(t, log.String(), "event="+events[0].ID.String(), "panic: the row has a fault", "panic_test.go")
	healed.Store(true)
	w.settled(4)
}

// TestPanickingLookup checks that a lookup that panics because of one event's account delays only that event and the next one
// about the same document, whose mail would overtake its own.
func TestPanickingLookup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine := &troubledStore{Store: w.store}
	bad := *w.interaction
	bad.ID, bad.UserID = store.NewID(), w.ada.ID
	later := bad
	later.UserID = w.bob.ID
	w.insert(db.Interactions.Collection, &bad, w.event(db.EventInteractionCreated, w.as(w.ada), content{Interaction: &bad}),
		w.event(db.EventInteractionUpdated, w.as(w.bob), content{Interaction: &later, Changed: []string{"title"}}))
	w.announce("Good")
	engine.onFind(func(c *store.Collection, q store.Query) {
		if c == db.Users.Collection && slices.Contains(q.Where.Values, any(w.ada.ID)) {
			panic("the account can't be read")
		}
	})
	log := new(transcript)
	run(t, New(db.New(engine, nil, db.Options{}), mail.Development{}, log.logger(), quick))
	eventually(t, func() bool { return strings.Contains(log.String(), "attempt=3") })
	w.settled(2)
	engine.onFind(nil)
	w.settled(6)
}

// transcript is what a logger wrote.
type transcript struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (t *transcript) logger() *slog.Logger { return slog.New(slog.NewTextHandler(t, nil)) }

func (t *transcript) Write(text []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.text.Write(text)
}

func (t *transcript) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.text.String()
}
