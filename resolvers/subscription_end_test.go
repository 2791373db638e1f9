package resolvers_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/live"
	"crm/db/store"
)

// TestStreamsEndWithTheirSession checks that everything that ends a session also ends its streams, in every process.
func TestStreamsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, w *world, d *db.DB, viewer auth.Viewer) error{
		"logged out": func(t *testing.T, _ *world, d *db.DB, viewer auth.Viewer) error {
			return d.EndSession(t.Context(), viewer.Session)
		},
		"ended by an admin": func(t *testing.T, w *world, d *db.DB, viewer auth.Viewer) error {
			return d.EndSessionOf(t.Context(), w.scopeOf("ada"), viewer.Session)
		},
		"deactivated": func(t *testing.T, w *world, d *db.DB, viewer auth.Viewer) error {
			_, err := d.DeactivateUser(t.Context(), w.scopeOf("ada"), viewer.Account, nil, nil)
			return err
		},
		"made an admin": func(t *testing.T, w *world, d *db.DB, viewer auth.Viewer) error {
			role := auth.Admin
			_, err := d.UpdateUser(t.Context(), w.scopeOf("ada"), viewer.Account, nil, db.UserChanges{Role: &role})
			return err
		},
		"deleted": func(t *testing.T, w *world, d *db.DB, viewer auth.Viewer) error {
			_, err := d.DeleteUser(t.Context(), w.scopeOf("ada"), viewer.Account, nil, true)
			return err
		},
		"given a password": func(t *testing.T, w *world, d *db.DB, viewer auth.Viewer) error {
			_, err := d.SetPassword(t.Context(), w.scopeOf("ada"), db.KindUser, viewer.Account, "battery staple")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, s *server) {
				w := s.newWorld()
				other := serve(t, s.store, db.Options{})
				runBroker(t, s.db)
				s.settle()
				for _, from := range []*server{s, other} {
					viewer := s.viewer(s.hire(w.people["ada"], "Newcomer"+strconv.Itoa(int(w.made.Add(1)))))
					changes, ended := watchTickets(t.Context(), t, s.db, viewer, "0")
					if err := end(t, w, from.db, viewer); err != nil {
						t.Fatal(err)
					}
					if code := ended.code(t); code != store.Unauthenticated {
						t.Errorf("the stream ends with %q", code)
					}
					if _, ok := <-changes; ok {
						t.Error("the stream still has a change")
					}
					if _, err := db.Subscribe(t.Context(), s.db, s.db.Tickets, viewer, live.Watch{}); store.CodeOf(err) != store.Unauthenticated {
						t.Errorf("subscribing again: %v", err)
					}
				}
			})
		})
	}
}

func TestStreamsEndWithTheServer(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.viewer(s.signUpUser("Ada"))
		stop := runBroker(t, s.db)
		_, ended := watchTickets(t.Context(), t, s.db, admin, "")
		stop()
		if code := ended.code(t); code != store.Unavailable {
			t.Errorf("the stream ends with %q", code)
		}
		if _, err := db.Subscribe(t.Context(), s.db, s.db.Tickets, admin, live.Watch{}); store.CodeOf(err) != store.Unavailable {
			t.Errorf("subscribing again: %v", err)
		}
	})
}

func TestWhereStreamsStart(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		latest := s.latestSeq()
		for name, test := range map[string]struct {
			after string
			code  store.Code
		}{
			"the start":    {"0", ""},
			"now":          {strconv.Itoa(latest), ""},
			"the future":   {strconv.Itoa(latest + 1), store.BadInput},
			"negative":     {"-1", store.BadInput},
			"a text":       {"yesterday", store.BadInput},
			"another form": {"007", store.BadInput},
			"nothing":      {"", store.BadInput},
			"too large":    {"99999999999999999999", store.BadInput},
		} {
			l := s.subscribe(w.people["ada"], ticketChanges, variables{"after": test.after})
			if test.code == "" {
				l.leave()
				continue
			}
			a := l.next()
			if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != string(test.code) || a.Errors[0].Extensions.Fields[0].Path != "after" {
				t.Errorf("%s: %s", name, a.raw)
			}
		}
		// Events older than the retention are deleted, except the newest.
		if _, err := s.store.Purge(t.Context(), store.Events, store.Compare(store.OpLt, "seq", latest-1), 1000); err != nil {
			t.Fatal(err)
		}
		l := s.subscribe(w.people["ada"], ticketChanges, variables{"after": strconv.Itoa(latest - 3)})
		if a := l.next(); len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "EVENTS_EXPIRED" {
			t.Errorf("expired: %s", a.raw)
		}
		s.subscribe(w.people["ada"], ticketChanges, variables{"after": strconv.Itoa(latest - 2)}).leave()
	})
}

func (s *server) latestSeq() int {
	s.t.Helper()
	newest, err := s.db.Log.Newest(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return newest
}

// A subscription that reads nothing ends when its buffer has been full for a while; others are not affected.
func TestSlowConsumer(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		ada := s.viewer(w.people["ada"])
		from := s.latestSeq()
		slow, ended := watchTickets(t.Context(), t, s.db, ada, "")
		quick, _ := watchTickets(t.Context(), t, s.db, ada, "")
		s.happen(w.ids["leak"], 300)
		for i := range 300 {
			if got := seqOf(t, quick); got != from+1+i {
				t.Fatalf("the fast one gets %d, want %d", got, from+1+i)
			}
		}
		if code := ended.code(t); code != store.SlowConsumer {
			t.Errorf("the slow one ends with %q", code)
		}
		if _, ok := <-slow; ok {
			t.Error("a waiting change is still sent")
		}
		again, _ := watchTickets(t.Context(), t, s.db, ada, strconv.Itoa(from))
		for i := range 300 {
			if got := seqOf(t, again); got != from+1+i {
				t.Fatalf("after subscribing again, it gets %d, want %d", got, from+1+i)
			}
		}
	})
}

// A change that has waited is checked again when it is read, because the viewer may no longer see the document.
func TestWaitingChangesAreCheckedAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		before := strconv.Itoa(s.latestSeq())
		assignLeak("uma", "otto")(w)
		s.settle()
		changes, _ := watchTickets(t.Context(), t, s.db, s.viewer(w.people["otto"]), before)
		witness, _ := watchTickets(t.Context(), t, s.db, s.viewer(w.people["ada"]), before)
		change := <-changes
		assignLeak("uma", "")(w)
		<-witness
		<-witness
		deadline := time.After(300 * time.Millisecond) // a change is checked again after a quarter of a second
		<-deadline
		change = change.Current(t.Context(), noWait)
		doc, err := change.Document()
		if kind := change.Kind(); kind != live.ChangeRemoved || doc != nil || err != nil {
			t.Errorf("otto gets %s %v %v", kind, doc, err)
		}
	})
}

// happen writes events about a ticket, ten per write.
func (s *server) happen(ticket string, events int) {
	s.t.Helper()
	if events%10 != 0 {
		s.t.Errorf("%d is not a multiple of ten events", events)
	}
	id := idOf(s.t, ticket)
	doc, err := s.db.Tickets.Get(s.t.Context(), auth.SystemScope(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	for range events / 10 {
		batch := make([]*store.Event, 10)
		for i := range batch {
			batch[i] = ticketEvent(doc)
		}
		set := []store.Assignment{{Field: "description", Value: "again"}}
		if err := s.store.Update(s.t.Context(), db.Tickets.Collection, id, store.Filter{}, set, batch...); err != nil {
			s.t.Error(err)
			return
		}
	}
}

func ticketEvent(doc *db.Ticket) *store.Event {
	return &store.Event{
		ID: store.NewID(), Type: db.EventTicketUpdated, Entity: doc.ID, At: time.Now().UTC().Truncate(time.Millisecond),
		Data: `{"ticket":{"customerId":"` + doc.CustomerID.String() + `"},"changed":["description"]}`, Planned: true,
	}
}

func seqOf[T any](t *testing.T, changes <-chan *live.Change[T]) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	select {
	case change, ok := <-changes:
		if !ok {
			return 0
		}
		seq, err := strconv.Atoi(change.Seq())
		if err != nil {
			t.Error(err)
		}
		return seq
	case <-ctx.Done():
		t.Fatal("timed out")
		return 0
	}
}

// narrow is a store that refuses filters of tickets through other documents as too large.
type narrow struct{ store.Store }

func (s narrow) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	if c == db.Tickets.Collection && filtersThrough(q.Where) {
		return store.Errorf(store.BadInput, "the filter selects too many")
	}
	return s.Store.Find(ctx, c, q, next)
}

func filtersThrough(f store.Filter) bool {
	return f.Query != nil || slices.ContainsFunc(f.Filters, filtersThrough)
}

// TestRefusedFilter checks that a filter that the store refuses ends only the streams that use it.
func TestRefusedFilter(t *testing.T) {
	t.Parallel()
	s := serve(t, narrow{openSQLite(t)}, db.Options{})
	w := s.newWorld()
	runBroker(t, s.db)
	s.settle()
	ended := make(ending, 1)
	_, err := db.Subscribe(t.Context(), s.db, s.db.Tickets, s.viewer(w.people["ada"]), live.Watch{
		Where: store.InQuery("customer_id", db.Customers.Collection, "_id", store.Eq("company", "Cleo Ltd")),
		Ended: func(err error) { ended <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	other := s.subscribe(w.people["uma"], ticketChanges, nil)
	raise("leak", "cleo", "plan")(w)
	if got := other.change(w); got != "CREATED leak" {
		t.Errorf("another subscriber gets %q", got)
	}
	if code := ended.code(t); code != store.BadInput {
		t.Errorf("the stream ends with %q", code)
	}
}
