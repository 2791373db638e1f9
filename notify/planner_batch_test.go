package notify

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// TestLookups checks that a batch of events needs one lookup for each entity.
func TestLookups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine := &troubledStore{Store: w.store}
	for range batch / 2 {
		interaction := w.announce("Yearly review")
		ticket := *w.ticket
		ticket.ID, ticket.InteractionID = store.NewID(), &interaction.ID
		w.insert(db.Tickets.Collection, &ticket, w.event(db.EventTicketCreated, w.as(w.ada), content{Ticket: &ticket}))
	}
	service := New(db.New(engine, nil, db.Options{}), mail.Development{}, discard(), quick)
	finds := map[string]int{}
	engine.onFind(func(c *store.Collection, _ store.Query) { finds[c.Name]++ })
	w.planAll(service)
	for _, name := range []string{"users", "customers", "interactions"} {
		if finds[name] != 1 {
			t.Errorf("%d calls for %s", finds[name], name)
		}
	}
	if n := len(w.deliveries()); n != 2*batch {
		t.Errorf("%d deliveries", n)
	}
}

// TestMovingDoesNotWait checks that events are moved into the log however long planning takes.
func TestMovingDoesNotWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine := &troubledStore{Store: w.store}
	free := make(chan struct{})
	engine.set(func(op string, doc store.Document) error {
		if _, ok := doc.(*db.Delivery); ok && op == "insert" {
			<-free
		}
		return nil
	})
	start(t, db.New(engine, nil, db.Options{}), mail.Development{})
	t.Cleanup(sync.OnceFunc(func() { close(free) }))
	const events = 3 * batch
	for range events {
		w.announceToCarl("Yearly review")
	}
	eventually(t, func() bool {
		moved, err := w.db.UnplannedEvents(t.Context(), 2*events)
		return err == nil && len(moved) == events
	})
}

// idleStore is an empty store that counts the calls to it.
type idleStore struct {
	store.Store
	mutex sync.Mutex
	calls map[string]int
}

func (s *idleStore) count(operation string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.calls[operation]++
}

func (s *idleStore) Find(context.Context, *store.Collection, store.Query, func() store.Document) error {
	s.count("find")
	return nil
}

func (s *idleStore) MoveEvents(context.Context, int) (int, error) {
	s.count("move")
	return 0, nil
}

func (s *idleStore) Claim(context.Context, *store.Collection, store.Query, []store.Assignment, store.Document) error {
	s.count("claim")
	return store.Errorf(store.NotFound, "nothing is due")
}

func (s *idleStore) Purge(context.Context, *store.Collection, store.Filter, int) (int, error) {
	return 0, nil
}

// TestIdle checks that an idle service polls the store every two seconds, after some shorter pauses. On MongoDB one
// call to move events is a query for each collection that may have some.
func TestIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := &idleStore{calls: map[string]int{}}
		ctx, cancel := context.WithCancel(t.Context())
		service := New(db.New(engine, nil, db.Options{}), mail.Development{}, slog.New(slog.DiscardHandler))
		var running sync.WaitGroup
		running.Go(func() { _ = service.Run(ctx) })
		time.Sleep(time.Minute) // on the bubble's fake clock
		cancel()
		running.Wait()
		for operation, calls := range engine.calls {
			if calls > 40 {
				t.Errorf("%d calls of %s in a minute", calls, operation)
			}
		}
	})
}
