package notify

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"crm/db"
	"crm/notify/mail/mailtest"
)

// meeting is a random history of an interaction: the number of changes so far, and what the last mail about it begins with.
type meeting struct {
	name    string
	changes int
	last    []string
}

// title is unique to the history and its last change.
func (m *meeting) title() string { return fmt.Sprintf("%s v%d", m.name, m.changes) }

// live plays the history.
func (m *meeting) live(w *world) error {
	created, err := w.db.CreateInteraction(w.t.Context(), w.as(w.bob), db.NewInteraction{
		CustomerID: w.carl.GlobalID(), Kind: db.KindMeeting, Title: m.title(), StartTime: time.Now().Add(24 * time.Hour),
	})
	if err != nil {
		return err
	}
	m.last = []string{"New", "Changed"}
	for range rand.IntN(4) {
		m.changes++
		title := m.title()
		if _, err := w.db.UpdateInteraction(w.t.Context(), w.as(w.bob), created.ID, nil, db.InteractionChanges{Title: &title}); err != nil {
			return err
		}
	}
	switch rand.IntN(3) {
	case 0:
		m.last = []string{"Cancelled"}
		_, err = w.db.CancelInteraction(w.t.Context(), w.as(w.bob), created.ID, nil)
	case 1:
		m.last = []string{"Deleted"}
		_, err = w.db.DeleteInteraction(w.t.Context(), w.as(w.bob), created.ID, nil, false)
	}
	return err
}

// faults let every third recipient be refused for now, and every fifth connection drop before the message is accepted.
func faults(s *mailtest.Server) {
	s.OnRecipient = func(call int, _ net.Conn) error {
		if call%3 == 0 {
			return &smtp.SMTPError{Code: 451, Message: "greylisted"}
		}
		return nil
	}
	s.OnData = func(call int, conn net.Conn) error {
		if call%5 == 0 {
			return errors.Join(conn.Close(), mailtest.ErrDropped)
		}
		return nil
	}
}

// TestHistories plays random histories, at once, while two services send their mail through a server with faults and one of them
// is replaced. HISTORIES=1000 plays more of them.
func TestHistories(t *testing.T) {
	t.Parallel()
	count := 40
	if n, err := strconv.Atoi(os.Getenv("HISTORIES")); err == nil {
		count = n
	}
	w := newWorld(t)
	server := mailtest.NewServer(t, mailtest.WithoutTLS, faults)
	patient := func(s *settings) {
		s.pauses = make([]time.Duration, 100)
		for i := range s.pauses {
			s.pauses[i] = time.Duration(1+i%20) * time.Millisecond
		}
	}
	start(t, w.db, newMailer(t, server), patient)
	meetings := make([]*meeting, count)
	for i := range meetings {
		meetings[i] = &meeting{name: fmt.Sprintf("h%d", i)}
	}
	for together := range slices.Chunk(meetings, 40) {
		stop := start(t, w.db, newMailer(t, server), patient)
		var playing sync.WaitGroup
		for _, m := range together {
			playing.Go(func() {
				if err := m.live(w); err != nil {
					t.Error(err)
				}
			})
		}
		playing.Wait()
		stop()
		w.allPlanned(t)
		eventually(t, func() bool { return w.health().Pending == 0 })
	}
	w.checkSuperseded(all[db.Delivery](w, db.Deliveries.Collection))
	for _, address := range []string{w.carl.Email, w.bob.Email} {
		told := titles(t, server, address)
		for _, m := range meetings {
			m.check(t, address, told[m.name])
		}
	}
}

// allPlanned waits until all events are planned.
func (w *world) allPlanned(t *testing.T) {
	t.Helper()
	eventually(t, func() bool {
		moved, err := w.store.MoveEvents(t.Context(), batch)
		events, unplanned := w.db.UnplannedEvents(t.Context(), 1)
		return err == nil && unplanned == nil && moved == 0 && len(events) == 0
	})
}

// titles returns the subjects that an address got, in order, by history.
func titles(t *testing.T, server *mailtest.Server, address string) map[string][]string {
	t.Helper()
	told := map[string][]string{}
	for _, m := range server.Inbox() {
		if m.To != address {
			continue
		}
		subject := mailtest.Parse(t, m.Raw).Subject
		_, title, _ := strings.Cut(subject, ": ")
		name, _, _ := strings.Cut(title, " ")
		told[name] = append(told[name], subject)
	}
	return told
}

// check checks that a recipient was told in order, and of the final state last.
func (m *meeting) check(t *testing.T, address string, told []string) {
	t.Helper()
	previous := -1
	for _, subject := range told {
		_, version, _ := strings.Cut(subject, " v")
		n, err := strconv.Atoi(version)
		if err != nil || n < previous {
			t.Errorf("%s was told %q", address, told)
		}
		previous = n
	}
	if len(told) == 0 {
		t.Errorf("%s was told nothing of %s", address, m.name)
		return
	}
	news, _, _ := strings.Cut(told[len(told)-1], " ")
	if previous != m.changes || !strings.Contains(strings.Join(m.last, " "), news) {
		t.Errorf("%s was told %q, but %s is at change %d, %s", address, told, m.name, m.changes, m.last)
	}
}
