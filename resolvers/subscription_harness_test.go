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
	"crm/graph"
	"crm/notify"
	"crm/notify/mail"
	"crm/resolvers"
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

// executor returns an executor as the transports use it.
func (s *server) executor() *graph.Executor {
	return graph.NewExecutor(graph.HandlerConfig{
		Resolvers: resolvers.New(s.db, s.tokens), NewOperation: resolvers.NewOperation, Logger: slog.New(slog.DiscardHandler),
	})
}

// subscribe runs a subscription as a transport does.
func (s *server) subscribe(who account, query string, vars variables) *listener {
	s.t.Helper()
	return s.subscribeBy(s.executor(), who, query, vars)
}

func (s *server) subscribeBy(exec *graph.Executor, who account, query string, vars variables) *listener {
	s.t.Helper()
	ctx, leave := context.WithCancel(s.t.Context())
	ctx = graphql.StartOperationTrace(auth.WithViewer(ctx, s.viewer(who)))
	operation, errs := exec.CreateOperationContext(ctx, request{randomOperation: randomOperation{query: query, variables: vars}}.params(s.t))
	if len(errs) > 0 {
		s.t.Fatal(errs)
	}
	next, ctx := exec.DispatchOperation(ctx, operation)
	answers := make(chan answer)
	go func() {
		defer close(answers)
		for response := next(ctx); response != nil; response = next(ctx) {
			select {
			case answers <- read(s.t, response):
			case <-ctx.Done():
				return
			}
			if len(response.Errors) > 0 && response.Data == nil {
				return
			}
		}
	}()
	return &listener{t: s.t, answers: answers, leave: leave}
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

func read(t *testing.T, response *graphql.Response) answer {
	raw, err := json.Marshal(response)
	if err != nil {
		t.Error(err)
	}
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
