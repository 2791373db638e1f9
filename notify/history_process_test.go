package notify

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

var errKilled = errors.New("the process was killed")

// dyingStore is the store of a process that is killed before one of its writes: nothing that it does later has an effect.
type dyingStore struct {
	troubledStore

	mutex  sync.Mutex
	left   int
	die    func()
	leases []store.ID
}

// newDyingStore returns the store of a process that lives for some writes. die is called when it is killed.
func newDyingStore(engine store.Store, writes int, die func()) *dyingStore {
	s := &dyingStore{troubledStore: troubledStore{Store: engine}, left: writes, die: die}
	s.set(func(string, store.Document) error { return s.write() })
	return s
}

func (s *dyingStore) write() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.left--; s.left < 0 {
		s.die()
		return errKilled
	}
	return nil
}

// kill kills the process.
func (s *dyingStore) kill() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.left = 0
	s.die()
}

func (s *dyingStore) Claim(
	ctx context.Context, c *store.Collection, q store.Query, set []store.Assignment, doc store.Document,
) error {
	for _, assignment := range set {
		if lease, ok := assignment.Value.(store.ID); ok {
			s.mutex.Lock()
			s.leases = append(s.leases, lease) // before the claim, which may succeed unnoticed
			s.mutex.Unlock()
		}
	}
	return s.troubledStore.Claim(ctx, c, q, set, doc)
}

// runAndDie runs a Service in a process that is killed before one of its writes, or when ctx is done. It returns the leases that
// the process had.
func (w *world) runAndDie(ctx context.Context, engine store.Store, writes int, mailer mail.Mailer, options ...Option) []store.ID {
	alive, die := context.WithCancel(ctx)
	process := newDyingStore(engine, writes, die)
	defer context.AfterFunc(ctx, process.kill)()
	dying := append([]Option{quick, Grace(0), func(s *settings) { s.settleTime = time.Millisecond }}, options...)
	_ = New(db.New(process, nil, db.Options{}), mailer, discard(), dying...).Run(alive) // nobody hears its last words
	process.kill()
	return process.leases
}

// timePasses makes due what waits, as a quarter of an hour would: the leases of a killed process end.
func (w *world) timePasses(ended []store.ID) {
	waiting, err := entity.Find[db.Delivery](w.t.Context(), w.store, db.Deliveries.Collection, store.Query{
		Where: store.And(store.Eq("status", string(db.DeliveryPending)), store.Compare(store.OpGt, "next_attempt_at", time.Now())),
	})
	if err != nil {
		w.t.Error(err)
	}
	for _, d := range waiting {
		if !d.Lease.IsZero() && !slices.Contains(ended, d.Lease) {
			continue
		}
		set := []store.Assignment{{Field: "next_attempt_at", Value: time.Now()}}
		err := w.store.Update(w.t.Context(), db.Deliveries.Collection, d.ID, store.Eq("lease", d.Lease), set)
		if err != nil && store.CodeOf(err) != store.NotFound {
			w.t.Error(err)
		}
	}
}

// busyServer is a mail server that takes its time, refuses for now at each step, and drops connections, sometimes after it has
// accepted the message. Now and then it refuses everything for a while, so that mail piles up.
func busyServer(t *testing.T) *mailtest.Server {
	often := func(one int, err error) func(int, net.Conn) error {
		return func(_ int, conn net.Conn) error {
			time.Sleep(rand.N(2 * time.Millisecond))
			if rand.IntN(one) > 0 {
				return nil
			}
			if errors.Is(err, mailtest.ErrDropped) || rand.IntN(2) == 0 {
				return errors.Join(conn.Close(), mailtest.ErrDropped)
			}
			return err
		}
	}
	later := &smtp.SMTPError{Code: 451, Message: "try again later"}
	return mailtest.NewServer(t, mailtest.WithoutTLS, func(s *mailtest.Server) {
		s.OnSender = func(int, net.Conn) error {
			if time.Now().UnixMilli()/200%2 == 1 {
				return later
			}
			return nil
		}
		s.OnRecipient, s.OnData, s.OnAccepted = often(8, later), often(10, later), often(15, mailtest.ErrDropped)
	})
}
