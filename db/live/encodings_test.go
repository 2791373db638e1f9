package live_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crm/db/live"
	"crm/db/store"
)

// A form of a change is made once for everybody who asks for it, unless it is for one subscriber only.
func TestEncodings(t *testing.T) {
	t.Parallel()
	left, leave := context.WithCancel(t.Context())
	leave()
	for name, test := range map[string]struct {
		first  context.Context //nolint:containedctx // an argument
		shared bool
		want   string
	}{
		"shared":                      {t.Context(), true, "a a a"},
		"separate":                    {t.Context(), false, "a b c"},
		"the first subscriber leaves": {left, false, "a b b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var encodings live.Encodings
			var got []string
			get := func(ctx context.Context, shared bool) {
				got = append(got, string(encodings.Get(ctx, "key", func() {}, func() ([]byte, bool) {
					return []byte{byte('a' + len(got))}, shared
				})))
			}
			get(test.first, test.shared)
			for range 2 {
				get(t.Context(), test.shared || test.first.Err() != nil)
			}
			if text := strings.Join(got, " "); text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
}

// A document that has become stale is loaded once for all subscribers of a group.
func TestStaleDocumentsAreSharedByTheGroup(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		listeners := []*listener{w.subscribe(user("uma"), everything, ""), w.subscribe(user("uma"), everything, "")}
		w.happens(live.ChangeCreated, "plan", note{"uma", "open"})
		synctest.Wait()
		w.with(func() { w.notes[w.ids["plan"]], w.loads = note{"uma", "closed"}, 0 })
		time.Sleep(time.Second)
		for _, l := range listeners {
			l.wants("created plan closed")
		}
		if w.loads != 1 {
			t.Errorf("the document is loaded %d times, want 1", w.loads)
		}
	})
}

// While loading takes longer than a document stays fresh, waiting subscribers share loads, too.
func TestSlowLoadsAreShared(t *testing.T) {
	t.Parallel()
	inWorld(t, func(t *testing.T, w *world) {
		l := w.subscribe(user("uma"), everything, "")
		w.happens(live.ChangeCreated, "plan", note{"uma", "open"})
		synctest.Wait()
		change := <-l.changes
		time.Sleep(time.Second)
		w.with(func() {
			w.loads, w.load = 0, func(store.Filter, []store.ID) error {
				w.mutex.Unlock()
				defer w.mutex.Lock()
				time.Sleep(time.Second)
				return nil
			}
		})
		var sending sync.WaitGroup
		for range 20 {
			sending.Go(func() {
				if doc, err := change.Current(t.Context(), func() {}).Document(); err != nil || doc.status != "open" {
					t.Errorf("got %v, %v", doc, err)
				}
			})
		}
		sending.Wait()
		if w.loads > 2 { // one that was under way when most of them asked, and one afterwards
			t.Errorf("the document is loaded %d times", w.loads)
		}
	})
}
