package live_test

import (
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"crm/db/live"
	"crm/db/store"
)

// happen creates many notes before it wakes the broker.
func (w *world) happen(from, to int) {
	for i := from; i <= to; i++ {
		w.happensElsewhere(live.ChangeCreated, "note"+strconv.Itoa(i), note{"uma", "open"})
	}
	w.broker.Wake()
}

// reads checks that a subscriber reads the events of these seqs, each once and in order. It reads one after every
// pause.
func (l *listener) reads(from, to int, pause time.Duration) {
	l.t.Helper()
	for seq := from; seq <= to; seq++ {
		time.Sleep(pause)
		change, ok := <-l.changes
		if !ok {
			l.t.Fatalf("the stream is over before seq %d", seq)
		}
		if change.Seq() != strconv.Itoa(seq) {
			l.t.Fatalf("got seq %s, want %d", change.Seq(), seq)
		}
	}
	l.wants()
}

func TestStreamsBegin(t *testing.T) {
	t.Parallel()
	const past, more = 700, 100 // some batches of events, less than a buffer
	for _, test := range []struct {
		after string
		first int
	}{{"", past + 1}, {strconv.Itoa(past), past + 1}, {"690", 691}, {"300", 301}, {"0", 1}} {
		for name, others := range map[string]int{"alone": 0, "beside live streams": 1} {
			t.Run(fmt.Sprintf("after %q %s", test.after, name), func(t *testing.T) {
				t.Parallel()
				inWorld(t, func(t *testing.T, w *world) {
					w.happen(1, past)
					for range others {
						w.subscribe(admin(), everything, "")
						synctest.Wait()
					}
					l := w.subscribe(admin(), everything, test.after)
					if test.after == "" || test.after == strconv.Itoa(past) {
						synctest.Wait()
					}
					w.happen(past+1, past+more)
					l.reads(test.first, past+more, 0)
					w.happen(past+more+1, past+more+1)
					l.reads(past+more+1, past+more+1, 0)
				})
			})
		}
	}
}

// A subscriber who reads slowly gets everything from the log, and nobody waits for it.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		const events = 1000
		slow, fast := w.subscribe(admin(), everything, ""), w.subscribe(admin(), everything, "")
		synctest.Wait()
		for i := 1; i <= events; i += 100 {
			w.happen(i, i+99)
			fast.reads(i, i+99, 0)
		}
		slow.reads(1, events, 20*time.Millisecond)
		w.happen(events+1, events+1)
		slow.reads(events+1, events+1, 0)
		fast.reads(events+1, events+1, 0)
	})
}

// A subscriber who reads nothing is a slow consumer, and gets none of what waits for it.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		stuck, fast := w.subscribe(admin(), everything, ""), w.subscribe(admin(), everything, "")
		synctest.Wait()
		w.happen(1, 100)
		fast.reads(1, 100, 0)
		w.happen(101, 200)
		fast.reads(101, 200, 0)
		time.Sleep(10 * time.Second)
		stuck.wants("over")
		if code := stuck.code(); code != store.SlowConsumer {
			t.Errorf("the stream ends with %q", code)
		}
		w.happen(201, 201)
		fast.reads(201, 201, 0)
	})
}

// Streams end when their subscribers leave, whether they are live or replay.
func TestSubscribersLeave(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]string{"live": "", "replaying": "0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(t *testing.T, w *world) {
				w.happen(1, 500)
				l := w.subscribe(admin(), everything, after)
				synctest.Wait()
				l.leave()
				l.wants("over")
				if code := l.code(); code != "none" {
					t.Errorf("a subscriber who left gets the error %q", code)
				}
			})
		})
	}
}

// A document that has waited too long is loaded again before it is sent.
func TestStaleDocuments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(w *world)
		want   string
	}{
		"changed":    {func(w *world) { w.notes[w.ids["plan"]] = note{"uma", "closed"} }, "created plan closed"},
		"given away": {func(w *world) { w.notes[w.ids["plan"]] = note{"otto", "open"} }, "removed plan"},
		"deleted":    {func(w *world) { delete(w.notes, w.ids["plan"]) }, "removed plan"},
		"as it was":  {func(*world) {}, "created plan open"},
		"store unavailable": {func(w *world) {
			w.load = func(store.Filter, []store.ID) error { return store.Errorf(store.Unavailable, "unavailable") }
		}, "created plan error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(t *testing.T, w *world) {
				uma := w.subscribe(user("uma"), everything, "")
				w.happens(live.ChangeCreated, "plan", note{"uma", "open"})
				synctest.Wait()
				w.with(func() { test.change(w) })
				time.Sleep(time.Second)
				uma.wants(test.want)
			})
		})
	}
}
