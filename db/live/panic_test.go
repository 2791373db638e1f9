package live_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crm/db/live"
	"crm/db/store"
)

// panicOn makes loads of a note panic, that many times.
func (w *world) panicOn(name string, times int) {
	w.load = func(_ store.Filter, ids []store.ID) error {
		if slices.Contains(ids, w.ids[name]) && times > 0 {
			times--
			panic("a bad document")
		}
		return nil
	}
}

// wantPanicLogged checks that the broker has logged its only panic, with that event.
func (w *world) wantPanicLogged(event int) {
	w.t.Helper()
	w.with(func() {
		id := w.events[event-1].ID.String()
		for _, part := range []string{"event=" + id, "a bad", "panics=1", "stack="} {
			if !strings.Contains(w.logged.String(), part) {
				w.t.Errorf("the log lacks %s:\n%s", part, w.logged.String())
			}
		}
	})
	if n := w.broker.Panics(); n != 1 {
		w.t.Errorf("%d panics are counted, want 1", n)
	}
}

// A panic while a document is loaded neither ends the stream nor affects other events and groups.
func TestPanicWhileLoading(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		times int
		want  string
	}{
		"each time":             {1000, "created bad error"},
		"until it is asked for": {2, "created bad open"},
	} {
		for how, after := range map[string]string{"live": "", "replay": "0"} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				inWorld(t, func(t *testing.T, w *world) {
					otto := w.subscribe(user("otto"), everything, "")
					var uma *listener
					if after == "" {
						uma = w.subscribe(user("uma"), everything, "")
						synctest.Wait()
					}
					w.happensElsewhere(live.ChangeCreated, "good", note{"uma", "open"})
					w.happensElsewhere(live.ChangeCreated, "bad", note{"uma", "open"})
					w.happensElsewhere(live.ChangeCreated, "good, too", note{"uma", "open"})
					w.happensElsewhere(live.ChangeCreated, "another's", note{"otto", "open"})
					w.with(func() { w.panicOn("bad", test.times) })
					w.broker.Wake()
					if uma == nil {
						uma = w.subscribe(user("uma"), everything, after)
					}
					uma.wants("created good open", test.want, "created good, too open")
					otto.wants("created another's open")
					w.wantPanicLogged(2)
					w.happens(live.ChangeUpdated, "good", note{"uma", "closed"}, "status")
					uma.wants("updated good closed")
				})
			})
		}
	}
}

// An event that can't be decoded isn't published, but the events around it are.
func TestPanicWhileDecoding(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		ada := w.subscribe(admin(), everything, "")
		synctest.Wait()
		w.with(func() {
			w.decode = func(event *store.Event) {
				if event.Entity == w.ids["bad"] {
					panic("a bad event")
				}
			}
		})
		for _, name := range []string{"good", "bad", "good, too"} {
			w.happensElsewhere(live.ChangeCreated, name, note{"uma", "open"})
		}
		w.broker.Wake()
		ada.wants("created good open", "created good, too open")
		w.wantPanicLogged(2)
	})
}

// After a panic elsewhere, the round is tried again.
func TestPanicInRound(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		ada := w.subscribe(admin(), everything, "")
		synctest.Wait()
		panics := 3
		w.with(func() {
			w.read = func() error {
				if panics--; panics >= 0 {
					panic("the log is bad")
				}
				return nil
			}
		})
		w.happens(live.ChangeCreated, "plan", note{"uma", "open"})
		time.Sleep(time.Minute)
		ada.wants("created plan open")
	})
}

// A replay that panics ends its own stream only.
func TestPanicInReplay(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		w.happen(1, 3)
		ada := w.subscribe(admin(), everything, "")
		synctest.Wait()
		w.with(func() { w.read = func() error { panic("the log is bad") } })
		l := w.subscribe(admin(), everything, "0")
		l.wants("over")
		if code := l.code(); code != "" {
			t.Errorf("the stream ends with %q", code)
		}
		w.with(func() { w.read = nil })
		w.happen(4, 4)
		ada.reads(4, 4, 0)
	})
}
