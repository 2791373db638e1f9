package live_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"crm/auth"
	"crm/db/live"
	"crm/db/store"
)

var notes = &store.Collection{Name: "notes"}

// note is a document that its owner and all admins see.
type note struct{ owner, status string }

// world is a broker's environment: a log, documents, and sessions. It runs in a synctest bubble, where time passes only
// while all goroutines wait.
type world struct {
	t      *testing.T
	broker *live.Broker
	// stop ends the broker's Run and waits until it has ended.
	stop func()

	mutex  sync.Mutex
	events []*store.Event
	// expired is the seq up to which events have been removed from the log.
	expired int
	decoded map[store.ID]*live.ChangeEvent
	notes   map[store.ID]note
	ids     map[string]store.ID
	ended   map[string]bool
	changes int
	loads   int
	reads   int
	logged  strings.Builder
	// These may be nil. They inject errors or panics into Load, After and decodeEvent.
	load   func(where store.Filter, ids []store.ID) error
	read   func() error
	decode func(event *store.Event)
}

// inWorld runs a test in a new world with a running broker.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, decoded: make(map[store.ID]*live.ChangeEvent), notes: make(map[store.ID]note), ids: make(map[string]store.ID),
			ended: make(map[string]bool),
		}
		w.broker = live.NewBroker(w, w, w.decodeEvent, slog.New(slog.NewTextHandler(w, nil)))
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { w.broker.Run(ctx) })
		w.stop = func() { cancel(); running.Wait() }
		defer w.stop()
		test(t, w)
	})
}

func (w *world) with(do func()) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	do()
}

// Write implements io.Writer for the broker's log.
func (w *world) Write(line []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.logged.Write(line)
}

// happens changes a note, or deletes it if the kind is live.ChangeRemoved, and wakes the broker.
func (w *world) happens(kind live.ChangeKind, name string, to note, changed ...string) {
	w.happensElsewhere(kind, name, to, changed...)
	w.broker.Wake()
}

// happensElsewhere is happens in another process, which doesn't wake the broker.
func (w *world) happensElsewhere(kind live.ChangeKind, name string, to note, changed ...string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	id, known := w.ids[name]
	if !known {
		id = store.NewID()
		w.ids[name] = id
	}
	event := &store.Event{ID: store.NewID(), Seq: len(w.events) + 1, Type: "note." + string(kind), Entity: id}
	change := &live.ChangeEvent{Event: event, Collection: notes, Kind: kind, Changed: changed}
	if before, ok := w.notes[id]; ok {
		change.Before = []auth.AudienceKey{keyOf(before.owner)}
	}
	if kind == live.ChangeRemoved {
		delete(w.notes, id)
	} else {
		w.notes[id] = to
		change.After = []auth.AudienceKey{keyOf(to.owner)}
	}
	w.events, w.decoded[event.ID] = append(w.events, event), change
}

func accountOf(name string) (account auth.ID) {
	copy(account[:], name)
	return account
}

func keyOf(name string) auth.AudienceKey { return auth.AccountKey(auth.User, accountOf(name)) }

// After implements live.Log.
func (w *world) After(ctx context.Context, seq, limit int) ([]*store.Event, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.reads++
	if w.read != nil {
		if err := w.read(); err != nil {
			return nil, err
		}
	}
	if seq < w.expired {
		return nil, store.Errorf(store.EventsExpired, "the events after seq %d are no longer kept", seq)
	}
	return w.events[seq:min(len(w.events), seq+limit)], ctx.Err()
}

// Position implements live.Log.
func (w *world) Position(_ context.Context, after *string) (at, newest int, err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if after == nil {
		return len(w.events), len(w.events), nil
	}
	at, err = strconv.Atoi(*after)
	return at, len(w.events), err
}

// Changes implements live.Sessions.
func (w *world) Changes() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.changes
}

// Ended implements live.Sessions.
func (w *world) Ended(_ context.Context, viewers map[auth.Viewer]bool) (map[auth.Viewer]bool, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	ended := make(map[auth.Viewer]bool)
	for viewer := range viewers {
		ended[viewer] = w.ended[strings.TrimRight(string(viewer.Account[:]), "\x00")]
	}
	return ended, nil
}

func (w *world) decodeEvent(event *store.Event) []*live.ChangeEvent {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.decode != nil {
		w.decode(event)
	}
	return []*live.ChangeEvent{w.decoded[event.ID]}
}

// Collection implements live.Source.
func (w *world) Collection() *store.Collection { return notes }

// GlobalID implements live.Source.
func (w *world) GlobalID(id store.ID) string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for name, known := range w.ids {
		if known == id {
			return name
		}
	}
	return id.String()
}

// Load implements live.Source.
func (w *world) Load(_ context.Context, scope auth.Scope, where store.Filter, ids []store.ID) (map[store.ID]*note, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	found := make(map[store.ID]*note)
	if len(ids) == 0 {
		return found, nil
	}
	w.loads++
	if w.load != nil {
		if err := w.load(where, ids); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		n, ok := w.notes[id]
		visible := scope.SeesAll() || keyOf(n.owner) == auth.AccountKey(auth.User, scope.Account)
		if ok && visible && (where.Op == store.OpAll || where.Value == n.status) {
			found[id] = &n
		}
	}
	return found, nil
}

// listener is a subscriber.
type listener struct {
	t       *testing.T
	changes <-chan *live.Change[note]
	cause   chan error
	leave   context.CancelFunc
}

func admin() auth.Viewer { return auth.Viewer{Role: auth.Admin, Account: accountOf("ada")} }

func user(name string) auth.Viewer { return auth.Viewer{Role: auth.User, Account: accountOf(name)} }

// subscribe subscribes a viewer to the notes that match; after is a seq, or "" for from now on.
func (w *world) subscribe(viewer auth.Viewer, where store.Filter, after string) *listener {
	w.t.Helper()
	l := &listener{t: w.t, cause: make(chan error, 1)}
	watch := live.Watch{Where: where, Ended: func(err error) { l.cause <- err }}
	if after != "" {
		watch.After = &after
	}
	var ctx context.Context
	ctx, l.leave = context.WithCancel(context.Background())
	var err error
	if l.changes, err = live.Subscribe(ctx, w.broker, live.Source[note](w), viewer, watch); err != nil {
		w.t.Fatal(err)
	}
	return l
}

// received returns what a listener has received so far, such as "updated plan open", and "over" once its stream is
// over.
func (l *listener) received() []string {
	l.t.Helper()
	synctest.Wait()
	var texts []string
	for {
		select {
		case change, ok := <-l.changes:
			if !ok {
				return append(texts, "over")
			}
			texts = append(texts, textOf(l.t, change))
		default:
			return texts
		}
	}
}

func textOf(t *testing.T, change *live.Change[note]) string {
	t.Helper()
	change = change.Current(t.Context(), func() {})
	doc, err := change.Document()
	text := fmt.Sprintf("%s %s", change.Kind(), change.GlobalID())
	switch {
	case err != nil:
		text += " error"
	case doc != nil:
		text += " " + doc.status
	}
	return text
}

func (l *listener) wants(want ...string) {
	l.t.Helper()
	if got := l.received(); strings.Join(got, ", ") != strings.Join(want, ", ") {
		l.t.Errorf("got %q, want %q", got, want)
	}
}

// code returns the code of the error that ended the stream, or "none" if there was none.
func (l *listener) code() store.Code {
	l.t.Helper()
	synctest.Wait()
	select {
	case err := <-l.cause:
		return store.CodeOf(err)
	default:
		return "none"
	}
}
