package resolvers_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/live"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

// TestStreamsLoseNothingAndRepeatNothing makes several servers on one store write ten thousand events, while clients
// disconnect and reconnect to either server, and a server is stopped and replaced. Each client must get every event once, in
// order. FerretDB scans its log for every read, so there are only 240 events there.
func TestStreamsLoseNothingAndRepeatNothing(t *testing.T) {
	const writers, clients = 4, 6
	onEachEngine(t, func(t *testing.T, s *server) {
		events := 10_000
		if strings.HasSuffix(t.Name(), "/mongo") && mongotest.IsStandIn() {
			events = 240
		}
		w := s.newWorld()
		s.settle()
		from := s.latestSeq()
		c := &cluster{servers: []*db.DB{s.db, serve(t, s.store, db.Options{}).db}}
		stop := runBroker(t, c.servers[0])
		runBroker(t, c.servers[1])
		admin := s.viewer(w.people["ada"])
		var running sync.WaitGroup
		for i := range clients {
			running.Go(func() {
				if err := c.follow(t.Context(), admin, i, from, from+events); err != nil {
					t.Errorf("client %d: %v", i, err)
				}
			})
		}
		var writing sync.WaitGroup
		for range writers {
			writing.Go(func() { s.happen(w.ids["leak"], events/2/writers) })
		}
		writing.Wait()
		stop()
		c.replace(serve(t, s.store, db.Options{}).db)
		runBroker(t, c.server(0))
		for range writers {
			writing.Go(func() { s.happen(w.ids["leak"], events/2/writers) })
		}
		writing.Wait()
		running.Wait()
		s.settle()
		if latest := s.latestSeq(); latest != from+events {
			t.Errorf("the log ends with %d, want %d", latest, from+events)
		}
	})
}

// cluster is two servers on one store.
type cluster struct {
	mutex   sync.Mutex
	servers []*db.DB
}

func (c *cluster) server(i int) *db.DB {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.servers[i%len(c.servers)]
}

func (c *cluster) replace(d *db.DB) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.servers[0] = d
}

// follow is a client: it subscribes after its last seq, reads some changes, disconnects, and switches to the other server,
// until it has all.
func (c *cluster) follow(ctx context.Context, admin auth.Viewer, client, at, to int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*testTimeout)
	defer cancel()
	for try := 0; at < to && ctx.Err() == nil; try++ {
		next, err := readSome(ctx, c.server(client+try), admin, at, min(to, at+37*(client+1)+try%400))
		if err != nil {
			return err
		}
		at = next
	}
	if at != to {
		return fmt.Errorf("the last change is %d, want %d", at, to)
	}
	return nil
}

// readSome is one subscription: it reads the changes after at up to enough, or until the stream ends.
func readSome(ctx context.Context, d *db.DB, admin auth.Viewer, at, enough int) (int, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	after := strconv.Itoa(at)
	changes, err := db.Subscribe(ctx, d, d.Tickets, admin, live.Watch{After: &after})
	if store.CodeOf(err) == store.Unavailable {
		return at, nil // the server is being replaced
	}
	if err != nil {
		return at, fmt.Errorf("subscribing after %d: %w", at, err)
	}
	for at < enough {
		select {
		case <-ctx.Done():
			return at, nil
		case change, ok := <-changes:
			if !ok {
				return at, nil
			}
			if change.Seq() != strconv.Itoa(at+1) {
				return at, fmt.Errorf("got %[2]s after %[1]d", at, change.Seq())
			}
			at++
		}
	}
	return at, nil
}
