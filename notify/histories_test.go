package notify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"crm/db"
	"crm/db/mongo/mongotest"
	"crm/db/store"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// longTimeout bounds how long a test waits for many events on a busy machine.
const longTimeout = 4 * timeout

// TestHistories plays random histories while several servers on one store send their mail through a busy mail server, and all
// but one of them are killed. Whatever happens, those concerned are told everything, in order, and the truth last.
// HISTORIES=1000 plays more of them.
func TestHistories(t *testing.T) {
	t.Parallel()
	count := 24
	if n, err := strconv.Atoi(os.Getenv("HISTORIES")); err == nil {
		count = n
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		engine := openStore(t, t.TempDir()+"/crm.db")
		playHistories(t, newWorldOn(t, engine), engine, count, 40, patient)
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		database := mongotest.Database(t)
		open := func() store.Store { return mongotest.OpenOn(t, database, db.Collections()) }
		unhurried := func(s *settings) { s.poll, s.erase = 100*time.Millisecond, 100*time.Millisecond } // FerretDB reads whole collections
		playHistories(t, newWorldOn(t, open()), open(), count/12, 4, patient, unhurried)
	})
}

// stage is where histories are played.
type stage struct {
	*world

	server  *mailtest.Server
	mailer  mail.Mailer
	second  store.Store
	servers []*db.DB
	options []Option
	// killed counts the killed servers, ended are the leases that they had.
	killed  int
	ended   []store.ID
	erasing sync.WaitGroup
}

// playHistories plays histories, some of them at once, in a world on one of two stores with the same data.
func playHistories(t *testing.T, w *world, second store.Store, count, atOnce int, options ...Option) {
	t.Helper()
	server := busyServer(t)
	s := &stage{
		world: w, server: server, mailer: newMailer(t, server), second: second, options: options,
		servers: []*db.DB{w.db, db.New(second, nil, db.Options{})},
	}
	start(t, w.db, s.mailer, options...)
	began, seed := time.Now(), rand.Uint64()
	histories := make([]*history, count)
	for i := range histories {
		histories[i] = newHistory(w, fmt.Sprintf("h%d", i), rand.New(rand.NewPCG(seed, uint64(i))))
		histories[i].servers, histories[i].erases = s.servers, s.erases
	}
	for together := range slices.Chunk(histories, atOnce) {
		s.play(together)
	}
	l := w.newLedger(s.server)
	w.checkSuperseded(all[db.Delivery](w, db.Deliveries.Collection))
	for _, h := range histories {
		l.checkHistory(h)
	}
	if len(l.planned) > 0 {
		t.Errorf("messages to those who aren't concerned: %v", l.planned)
	}
	s.checkRedelivery()
	t.Logf("seed %d: %d histories, %d servers killed, %d mails (%d repeated, %d superseded meanwhile); deliveries: %v; %s",
		seed, count, s.killed, l.total, l.repeated, l.unrecorded, l.statuses, time.Since(began).Round(time.Second))
}

// patient lets a Service try a message again soon, for as long as the test takes.
func patient(s *settings) {
	s.pauses = make([]time.Duration, 200)
	for i := range s.pauses {
		s.pauses[i] = time.Duration(1+i%20) * time.Millisecond
	}
}

// play plays some histories while servers are started and killed, and waits until all mail is sent.
func (s *stage) play(histories []*history) {
	s.t.Helper()
	ctx, played := context.WithCancel(s.t.Context())
	var killing, playing sync.WaitGroup
	killing.Go(func() {
		for ctx.Err() == nil {
			s.ended = append(s.ended, s.runAndDie(ctx, s.second, rand.IntN(80), s.mailer, s.options...)...)
			s.killed++
			s.timePasses(s.ended)
		}
	})
	for _, h := range histories {
		playing.Go(func() {
			if err := h.play(s.t.Context()); err != nil {
				s.t.Errorf("%s: %v", h.name, err)
			}
		})
	}
	playing.Wait()
	s.allPlanned()
	played()
	killing.Wait()
	eventuallyWithin(s.t, longTimeout, func() bool {
		s.timePasses(s.ended) // a claim of a killed process may reach the database late
		return s.health().Pending == 0
	})
	s.erasing.Wait()
}

// allPlanned waits until all events are planned.
func (w *world) allPlanned() {
	w.t.Helper()
	eventuallyWithin(w.t, longTimeout, func() bool {
		moved, err := w.store.MoveEvents(w.t.Context(), batch)
		events, unplanned := w.db.UnplannedEvents(w.t.Context(), 1)
		return err == nil && unplanned == nil && moved == 0 && len(events) == 0
	})
}

// erases waits in the background until an account is erased.
func (s *stage) erases(p *person) {
	s.erasing.Go(func() {
		for deadline := time.Now().Add(longTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			n, err := s.store.Count(s.t.Context(), db.Tombstones.Collection, store.Eq("_id", *p.id()))
			if err == nil && n == 0 {
				p.erasedAt = len(s.server.Inbox())
				return
			}
		}
		s.t.Errorf("%s isn't erased in time", p.name)
	})
}

// checkRedelivery checks that nothing is left that could be sent again.
func (s *stage) checkRedelivery() {
	s.t.Helper()
	before := len(s.server.Inbox())
	n, left, err := s.db.RedeliverAll(s.t.Context(), s.as(s.ada), store.Filter{}, 1000)
	eventually(s.t, func() bool { return s.health().Pending == 0 })
	if after := len(s.server.Inbox()); err != nil || n+left > 0 || after > before {
		s.t.Errorf("%d messages could be sent again, %d mails arrived, error %v", n+left, after-before, err)
	}
}
