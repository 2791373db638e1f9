package resolvers_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

func TestChangesOfAnInteraction(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		const query = `subscription { interactionChanged(where: {status: {eq: PLANNED}}) {
			seq kind interactionId interaction { title customer { name } viewerCan } } }`
		uma, otto, cleo := s.subscribe(w.people["uma"], query, nil), s.subscribe(w.people["otto"], query, nil), s.subscribe(w.people["cleo"], query, nil)
		w.ids["demo"] = s.createInteraction(w.people["uma"], w.people["cleo"], "demo")
		on := func(mutation, fields string, vars variables) {
			vars["id"] = w.ids["demo"]
			input := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input!"
			s.must(w.people["uma"].token, `mutation($in: `+input+`) { `+mutation+`(input: $in) { `+fields+` } }`, variables{"in": vars})
		}
		expect := func(want string) {
			t.Helper()
			for _, l := range []*listener{uma, cleo} {
				if got := l.change(w); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		}
		expect("CREATED demo")
		on("updateInteraction", "interaction { id }", variables{"title": "Demo"})
		expect("UPDATED demo")
		on("cancelInteraction", "interaction { id }", variables{})
		expect("REMOVED demo null")
		on("deleteInteraction", "deletedId", variables{})
		expect("REMOVED demo null")
		w.ids["elsewhere"] = s.createInteraction(w.people["otto"], w.people["cato"], "elsewhere")
		if got := otto.change(w); got != "CREATED elsewhere" {
			t.Errorf("otto gets %q", got)
		}
	})
}

func TestAdminsReceiveFailedDeliveries(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		l := s.subscribe(w.people["ada"],
			`subscription { deliveryFailed { seq at deliveryId delivery { id status recipient lastError attempts } } }`, nil)
		id := s.giveUp(w.ids["plan"])
		a := l.next()
		if a.text("deliveryFailed.deliveryId") != id || a.text("deliveryFailed.delivery.status") != "FAILED" ||
			a.text("deliveryFailed.delivery.lastError") != "550 no such user" {
			t.Errorf("got %s", a.raw)
		}
		// A message to an invalid address fails at once.
		event := &store.Event{ID: store.NewID(), Entity: idOf(t, w.ids["plan"])}
		delivery := s.db.NewDelivery(event, "mail", auth.AccountKey(auth.User, idOf(t, w.ids["uma"])))
		delivery.Status = db.DeliveryFailed
		for range 2 {
			if err := s.db.PlanDeliveries(t.Context(), &db.Plan{Event: event, Deliveries: []*db.Delivery{delivery}}); err != nil {
				t.Fatal(err)
			}
		}
		if a := l.next(); a.text("deliveryFailed.deliveryId") != delivery.GlobalID() {
			t.Errorf("got %s", a.raw)
		}
	})
}

// finds counts the reads of a store.
type finds struct {
	store.Store

	n atomic.Int64
}

func (f *finds) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	f.n.Add(1)
	return f.Store.Find(ctx, c, q, next)
}

// Without subscribers the broker reads nothing.
func TestNothingIsReadWithoutSubscribers(t *testing.T) {
	t.Parallel()
	store := &finds{Store: openSQLite(t)}
	s := serve(t, store, db.Options{})
	ada := s.signUpUser("Ada")
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.db.Broker.Run(ctx) })
	defer running.Wait()
	defer stop()
	l := s.subscribe(ada, ticketChanges, nil)
	subscribed := store.n.Load()
	const several = 600 * time.Millisecond // several polls of a broker with subscribers
	for deadline := time.Now().Add(testTimeout); store.n.Load() == subscribed; {
		if time.Now().After(deadline) {
			t.Fatal("the broker reads nothing for a subscriber")
		}
		time.Sleep(time.Millisecond)
	}
	l.leave()
	for deadline := time.Now().Add(testTimeout); ; {
		before := store.n.Load()
		time.Sleep(several)
		if store.n.Load() == before {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the broker keeps reading without subscribers")
		}
	}
}
