package resolvers_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"crm/auth"
	"crm/db"
	"crm/db/live"
	"crm/db/store"
	"crm/graph/stream"
	"crm/notify"
	"crm/notify/mail"
)

// testTimeout is the maximum time for an expected event.
const testTimeout = 2 * time.Minute

// runBroker runs the broker and the mover of events, as a server does, until stop is called or the test ends.
func runBroker(t *testing.T, d *db.DB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.DiscardHandler)
	var running sync.WaitGroup
	running.Go(func() { d.Broker.Run(ctx) })
	running.Go(func() { _ = notify.New(d, mail.Development{}, log).Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

// listener is a client's subscription.
type listener struct {
	t       *testing.T
	answers <-chan answer
	leave   context.CancelFunc
}

// subscribe runs a subscription as a transport does. All subscriptions share an executor, so that equal ones share their
// responses.
func (s *server) subscribe(who account, query string, vars variables) *listener {
	s.t.Helper()
	ctx, leave := context.WithCancel(s.t.Context())
	ctx = graphql.StartOperationTrace(auth.WithViewer(ctx, s.viewer(who)))
	operation, errs := s.exec.CreateOperationContext(ctx, request{randomOperation: randomOperation{query: query, variables: vars}}.params(s.t))
	if len(errs) > 0 {
		s.t.Fatal(errs)
	}
	r := &reader{t: s.t, woken: make(chan struct{}, 1)}
	r.source = stream.NewSource(func() { r.woken <- struct{}{} })
	r.responses, r.ctx = s.exec.DispatchOperation(stream.WithSource(ctx, r.source), operation)
	answers := make(chan answer)
	go func() {
		defer close(answers)
		r.read(func(a answer) bool {
			select {
			case answers <- a:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	return &listener{t: s.t, answers: answers, leave: leave}
}

// reader reads the responses of a subscription.
type reader struct {
	t         *testing.T
	ctx       context.Context //nolint:containedctx // lives as long as the subscription
	source    *stream.Source
	responses graphql.ResponseHandler
	// woken receives a value when there are responses again.
	woken chan struct{}
}

// read passes all responses to take until it returns false.
func (r *reader) read(take func(answer) bool) {
	begun := false
	for {
		waiting := r.source.Take()
		for range waiting {
			if !begun && r.source.Announces() {
				begun = true // the first announcement is that of the resolver itself
				continue
			}
			response := r.next()
			if response == nil || !take(readJSON(r.t, response)) {
				return
			}
		}
		if waiting == 0 {
			<-r.woken
		}
	}
}

func noWait() {}

func (r *reader) next() []byte {
	queue := r.source.Queue()
	if queue == nil {
		response, _ := r.encode()
		return response
	}
	if r.ctx.Err() != nil || !queue.Next(r.ctx, noWait) {
		return nil
	}
	return queue.Encoded(r.ctx, noWait, func() ([]byte, bool) {
		queue.Deliver()
		return r.encode()
	})
}

func (r *reader) encode() (encoded []byte, shared bool) {
	response := r.responses(r.ctx)
	if response == nil {
		return nil, false
	}
	encoded, err := json.Marshal(response)
	if err != nil {
		r.t.Error(err)
	}
	return encoded, len(response.Errors) == 0
}

func (s *server) viewer(who account) auth.Viewer {
	s.t.Helper()
	if who.token == "" {
		return auth.Viewer{}
	}
	viewer, err := s.tokens.Verify(who.token)
	if err != nil {
		s.t.Fatal(err)
	}
	live, ok, err := s.db.Live(s.t.Context(), viewer)
	if err != nil || !ok {
		s.t.Fatalf("%s isn't logged in: %v", who.email, err)
	}
	return live
}

func readJSON(t *testing.T, raw []byte) answer {
	a := answer{raw: string(raw)}
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Errorf("cannot read %s: %v", raw, err)
	}
	return a
}

// next returns the next response, and fails the test if the stream ends first.
func (l *listener) next() answer {
	l.t.Helper()
	select {
	case a, ok := <-l.answers:
		if !ok {
			l.t.Fatal("the stream ended")
		}
		return a
	case <-time.After(testTimeout):
		l.t.Fatal("timed out")
	}
	return answer{}
}

// change returns the next change as text: its kind and object.
func (l *listener) change(w *world) string {
	l.t.Helper()
	a := l.next()
	for _, kind := range []string{"ticket", "interaction"} {
		at := kind + "Changed."
		if a.text(at+"seq") == "" {
			continue
		}
		words := []string{a.text(at + "kind"), w.nameOf(a.text(at + kind + "Id"))}
		if a.at(at+kind) == nil {
			words = append(words, "null")
		}
		return strings.Join(words, " ")
	}
	return a.raw
}

// ending receives the reason for the end of a stream that is read without GraphQL.
type ending chan error

// code waits for the stream to end, and returns the code of the reason.
func (e ending) code(t *testing.T) store.Code {
	t.Helper()
	select {
	case err := <-e:
		return store.CodeOf(err)
	case <-time.After(testTimeout):
		t.Fatal("the stream doesn't end")
	}
	return ""
}

// watchTickets subscribes without GraphQL, which shows why a stream ends.
func watchTickets(
	ctx context.Context, t *testing.T, d *db.DB, viewer auth.Viewer, after string,
) (<-chan *live.Change[db.Ticket], ending) {
	t.Helper()
	ended := make(ending, 1)
	w := live.Watch{Ended: func(err error) { ended <- err }}
	if after != "" {
		w.After = &after
	}
	changes, err := db.Subscribe(ctx, d, d.Tickets, viewer, w)
	if err != nil {
		t.Fatal(err)
	}
	return changes, ended
}
