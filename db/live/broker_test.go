package live_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crm/db/live"
	"crm/db/store"
)

var (
	everything = store.Filter{}
	open       = store.Eq("status", "open")
)

func TestSubscribersGetChangesTheySee(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		ada, uma, otto := w.subscribe(admin(), everything, ""), w.subscribe(user("uma"), everything, ""), w.subscribe(user("otto"), everything, "")
		openOnes := w.subscribe(user("uma"), open, "")
		for _, step := range []struct {
			name                 string
			do                   func()
			ada, uma, otto, open []string
		}{
			{"created", func() { w.happens(live.ChangeCreated, "plan", note{"uma", "open"}) },
				[]string{"created plan open"}, []string{"created plan open"}, nil, []string{"created plan open"}},
			{"ceases to match", func() { w.happens(live.ChangeUpdated, "plan", note{"uma", "closed"}, "status") },
				[]string{"updated plan closed"}, []string{"updated plan closed"}, nil, []string{"removed plan"}},
			{"does not match", func() { w.happens(live.ChangeUpdated, "plan", note{"uma", "closed"}, "text") },
				[]string{"updated plan closed"}, []string{"updated plan closed"}, nil, nil},
			{"given away", func() { w.happens(live.ChangeAssigned, "plan", note{"otto", "closed"}, "owner") },
				[]string{"assigned plan closed"}, []string{"removed plan"}, []string{"assigned plan closed"}, []string{"removed plan"}},
			{"hidden", func() { w.happens(live.ChangeUpdated, "plan", note{"otto", "open"}, "status") },
				[]string{"updated plan open"}, nil, []string{"updated plan open"}, nil},
			{"deleted", func() { w.happens(live.ChangeRemoved, "plan", note{}) },
				[]string{"removed plan"}, nil, []string{"removed plan"}, nil},
		} {
			t.Log(step.name)
			step.do()
			ada.wants(step.ada...)
			uma.wants(step.uma...)
			otto.wants(step.otto...)
			openOnes.wants(step.open...)
		}
	})
}

func TestGroupLoadsOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		var listeners []*listener
		for range 10 {
			listeners = append(listeners, w.subscribe(user("uma"), everything, ""))
		}
		w.with(func() { w.loads = 0 })
		w.happens(live.ChangeCreated, "plan", note{"uma", "open"})
		for _, l := range listeners {
			l.wants("created plan open")
		}
		w.with(func() {
			if w.loads != 1 {
				t.Errorf("ten subscribers who see the same cause %d loads, want 1", w.loads)
			}
		})
	})
}

// Without subscribers the log isn't read; with some, it is polled only a few times a second while nothing happens.
func TestBrokerPollsRarely(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		time.Sleep(time.Hour)
		w.with(func() {
			if w.reads != 0 {
				t.Errorf("the log is read %d times without subscribers", w.reads)
			}
		})
		l := w.subscribe(admin(), everything, "")
		time.Sleep(10 * time.Second)
		w.with(func() {
			if w.reads == 0 || w.reads > 41 {
				t.Errorf("the log is read %d times in ten quiet seconds", w.reads)
			}
		})
		w.happensElsewhere(live.ChangeCreated, "plan", note{"uma", "open"})
		time.Sleep(time.Second)
		l.wants("created plan open")
		l.leave()
		synctest.Wait()
		time.Sleep(time.Second) // a last poll finds no subscribers
		w.with(func() { w.reads = 0 })
		time.Sleep(time.Hour)
		w.with(func() {
			if w.reads != 0 {
				t.Errorf("the log is read %d times after the last subscriber has left", w.reads)
			}
		})
	})
}

func TestStreamsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(w *world)
		wait time.Duration
	}{
		"ended here": {func(w *world) {
			w.with(func() { w.changes++; w.ended["uma"] = true })
			w.broker.Wake()
		}, 0},
		"ended elsewhere": {func(w *world) { w.with(func() { w.ended["uma"] = true }) }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(t *testing.T, w *world) {
				uma, otto := w.subscribe(user("uma"), everything, ""), w.subscribe(user("otto"), everything, "")
				synctest.Wait()
				test.end(w)
				time.Sleep(test.wait)
				uma.wants("over")
				if code := uma.code(); code != store.Unauthenticated {
					t.Errorf("the stream ends with %q", code)
				}
				w.happens(live.ChangeCreated, "plan", note{"otto", "open"})
				otto.wants("created plan open")
				_, err := live.Subscribe(t.Context(), w.broker, live.Source[note](w), user("uma"), live.Watch{})
				if store.CodeOf(err) != store.Unauthenticated {
					t.Errorf("subscribing again: %v", err)
				}
			})
		})
	}
}

func TestStreamsEndWithTheBroker(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		ada, replaying := w.subscribe(admin(), everything, ""), w.subscribe(admin(), everything, "0")
		w.stop()
		for _, l := range []*listener{ada, replaying} {
			l.wants("over")
			if code := l.code(); code != store.Unavailable {
				t.Errorf("the stream ends with %q", code)
			}
		}
		_, err := live.Subscribe(t.Context(), w.broker, live.Source[note](w), admin(), live.Watch{})
		if store.CodeOf(err) != store.Unavailable {
			t.Errorf("subscribing again: %v", err)
		}
	})
}

// A group whose filter can't be evaluated ends, without affecting the others.
func TestOneGroupFails(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		w.load = func(where store.Filter, _ []store.ID) error {
			if where.Op != store.OpAll {
				return errors.New("the filter takes too long")
			}
			return nil
		}
		ada, filtered := w.subscribe(admin(), everything, ""), w.subscribe(admin(), open, "")
		w.happens(live.ChangeCreated, "plan", note{"uma", "open"})
		filtered.wants("over")
		if code := filtered.code(); code != "" {
			t.Errorf("the stream ends with %q", code)
		}
		ada.wants("created plan open")
		w.happens(live.ChangeUpdated, "plan", note{"uma", "closed"}, "status")
		ada.wants("updated plan closed")
	})
}

// While the store is unavailable, no change is lost and no stream ends.
func TestStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	unavailable := func() error { return store.Errorf(store.Unavailable, "the database is not available") }
	for name, fail := range map[string]func(w *world){
		"log":       func(w *world) { w.read = unavailable },
		"documents": func(w *world) { w.load = func(store.Filter, []store.ID) error { return unavailable() } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(t *testing.T, w *world) {
				ada := w.subscribe(admin(), everything, "")
				synctest.Wait()
				w.with(func() { fail(w) })
				w.happens(live.ChangeCreated, "plan", note{"uma", "open"})
				time.Sleep(time.Minute)
				ada.wants()
				w.with(func() {
					if lines := strings.Count(w.logged.String(), "cannot publish events to subscribers"); lines == 0 || lines > 30 {
						t.Errorf("an outage of a minute is logged %d times", lines)
					}
					w.read, w.load = nil, nil
				})
				time.Sleep(10 * time.Second)
				ada.wants("created plan open")
			})
		})
	}
}

func TestEventsExpired(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		ada := w.subscribe(admin(), everything, "")
		synctest.Wait()
		w.with(func() { w.expired = 1 })
		w.happens(live.ChangeCreated, "plan", note{"uma", "open"})
		ada.wants("over")
		if code := ada.code(); code != store.EventsExpired {
			t.Errorf("the stream ends with %q", code)
		}
		w.with(func() { w.expired = 0 })
		again := w.subscribe(admin(), everything, "")
		w.happens(live.ChangeCreated, "call", note{"uma", "open"})
		again.wants("created call open")
	})
}

func TestAnnouncements(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		announced := 0
		ctx, leave := context.WithCancel(t.Context())
		watch := live.Watch{Announce: func(changes int) { announced += changes }}
		changes, err := live.Subscribe(ctx, w.broker, live.Source[note](w), admin(), watch)
		if err != nil {
			t.Fatal(err)
		}
		w.happens(live.ChangeCreated, "plan", note{"uma", "open"})
		w.happens(live.ChangeUpdated, "plan", note{"uma", "closed"}, "status")
		synctest.Wait()
		if announced != 2 || len(changes) != 2 {
			t.Errorf("%d of %d changes are announced, want 2 of 2", announced, len(changes))
		}
		leave()
		synctest.Wait()
		if announced != 3 {
			t.Errorf("got %d announcements after the end, want 3", announced)
		}
	})
}
