package eventlog_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"crm/db/eventlog"
	"crm/db/store"
)

// logStore is a store that holds only a log, and answers the queries of Log.
type logStore struct {
	store.Store

	events []*store.Event
}

func (s *logStore) Find(_ context.Context, _ *store.Collection, q store.Query, next func() store.Document) error {
	events := slices.Clone(s.events)
	if q.Sort[0].Desc {
		slices.Reverse(events)
	}
	for _, event := range events {
		if q.Where.Op == store.OpGt && event.Seq <= q.Where.Value.(int) {
			continue
		}
		if q.Limit--; q.Limit < 0 {
			break
		}
		*next().(*store.Event) = *event
	}
	return nil
}

// logOf returns a log with the events of these seqs.
func logOf(from, to int) *eventlog.Log {
	s := new(logStore)
	for seq := from; seq <= to; seq++ {
		s.events = append(s.events, &store.Event{ID: store.NewID(), Seq: seq, At: time.Now()})
	}
	return eventlog.New(s)
}

func TestReadAfter(t *testing.T) {
	t.Parallel()
	log := logOf(3, 5)
	for name, test := range map[string]struct {
		after, limit int
		first, n     int
		code         store.Code
	}{
		"the rest":            {2, 10, 3, 3, ""},
		"some":                {2, 2, 3, 2, ""},
		"nothing":             {5, 10, 0, 0, ""},
		"what was removed":    {1, 10, 0, 0, store.EventsExpired},
		"from the very start": {0, 10, 0, 0, store.EventsExpired},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := log.After(t.Context(), test.after, test.limit)
			if store.CodeOf(err) != test.code || (test.code == "" && err != nil) {
				t.Fatalf("error %v, want %q", err, test.code)
			}
			if len(events) != test.n || (test.n > 0 && events[0].Seq != test.first) {
				t.Errorf("%d events, want %d from %d on", len(events), test.n, test.first)
			}
		})
	}
}

func TestPosition(t *testing.T) {
	t.Parallel()
	log := logOf(3, 5)
	if at, newest, err := log.Position(t.Context(), nil); at != 5 || newest != 5 || err != nil {
		t.Errorf("from now on: %d, %d, %v", at, newest, err)
	}
	for after, want := range map[string]store.Code{
		"2": "", "5": "", "1": store.EventsExpired, "6": store.BadInput, "-1": store.BadInput, "05": store.BadInput,
		"": store.BadInput, "five": store.BadInput, "99999999999999999999": store.BadInput,
	} {
		if _, _, err := log.Position(t.Context(), &after); store.CodeOf(err) != want {
			t.Errorf("after %q: error %v, want %q", after, err, want)
		}
	}
}

// TestResumeWindow: a subscriber that was away for too long begins anew, even if what it missed is still there.
func TestResumeWindow(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]store.Code{
		eventlog.ResumeWindow - time.Hour: "", eventlog.ResumeWindow + time.Hour: store.EventsExpired,
	} {
		s := &logStore{events: []*store.Event{{ID: store.NewID(), Seq: 1, At: time.Now().Add(-age)}, {ID: store.NewID(), Seq: 2, At: time.Now()}}}
		after := "0"
		if _, _, err := eventlog.New(s).Position(t.Context(), &after); store.CodeOf(err) != want {
			t.Errorf("away for %s: error %v, want %q", age, err, want)
		}
	}
}

func TestEmptyLog(t *testing.T) {
	t.Parallel()
	log := logOf(1, 0)
	if newest, err := log.Newest(t.Context()); newest != 0 || err != nil {
		t.Errorf("newest is %d, error %v", newest, err)
	}
}
