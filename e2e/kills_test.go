package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/sqlite"
	"crm/db/store"
)

// TestKills kills the server again and again while it works: what was acknowledged is there, and its mail comes.
func TestKills(t *testing.T) {
	t.Parallel()
	kills := func(n int) int {
		if testing.Short() {
			return 5
		}
		return n
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		run(t, &ordeal{kills: kills(32), folder: folder, open: func() (store.Store, error) {
			return sqlite.Open(t.Context(), filepath.Join(folder, "data", "crm.db"), db.Collections())
		}})
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		uri, name := mongotest.URI(t), mongotest.Database(t).Name()
		run(t, &ordeal{
			kills: kills(8), folder: t.TempDir(), settings: append(mongoSettings(uri), "MONGO_DATABASE="+name),
			open: func() (store.Store, error) { return mongo.Open(uri, name, db.Collections()) },
		})
	})
}

// ordeal is a run of TestKills.
type ordeal struct {
	kills    int
	folder   string
	settings []string
	// open opens the store while the server is down, to look at what the API doesn't show.
	open func() (store.Store, error)

	t        *testing.T
	office   *postOffice
	token    string
	writers  []*writer
	promises atomic.Int64
}

func run(t *testing.T, o *ordeal) {
	const writers, seed = 4, 42
	random := rand.New(rand.NewPCG(seed, 0))
	o.t, o.office = t, openPostOffice(t, nil)
	o.settings = append(o.settings, o.office.settings()...)
	p := serve(t, o.folder, o.settings...)
	var customer string
	o.token, customer = populate(p)
	for i := range writers {
		o.writers = append(o.writers, &writer{
			name: fmt.Sprintf("w%d", i), token: o.token, customer: customer, tickets: map[string]string{},
			random: rand.New(rand.NewPCG(seed, uint64(i+1))),
		})
	}
	for kill := range o.kills {
		if kill > 0 && random.IntN(5) == 0 {
			// One that is killed while it starts, or soon after.
			dying := begin(t, o.folder, o.settings)
			o.wait(make(chan struct{}), time.Duration(random.IntN(100))*time.Millisecond)
			dying.kill()
			continue
		}
		if kill > 0 {
			p = serve(t, o.folder, o.settings...)
		}
		o.workUntilKilled(p, random.IntN(21), time.Duration(random.IntN(3000))*time.Millisecond)
		if random.IntN(8) == 0 {
			o.endLeases()
		}
	}
	o.endLeases()
	p = serve(t, o.folder, o.settings...)
	interactions, tickets := o.settled(p)
	o.checkPromises(interactions, tickets)
	p.stop()
	o.checkStore(interactions, tickets)
}

// wait waits for whichever is first.
func (o *ordeal) wait(enough <-chan struct{}, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-enough:
	case <-timer.C:
	}
}

// workUntilKilled lets the writers work until the server has acknowledged that many of their changes, or the time is
// up, and kills it in the middle of the next.
func (o *ordeal) workUntilKilled(p *process, promises int, limit time.Duration) {
	o.t.Helper()
	enough := make(chan struct{})
	var made atomic.Int64
	if promises == 0 {
		close(enough)
	}
	var working sync.WaitGroup
	for _, w := range o.writers {
		working.Go(func() {
			for w.write(o.t, p) {
				o.promises.Add(1)
				if made.Add(1) == int64(promises) {
					close(enough)
				}
			}
		})
	}
	o.wait(enough, limit)
	p.kill()
	working.Wait()
}

// endLeases does what two minutes do: what a killed server was sending may be sent by the next one.
func (o *ordeal) endLeases() {
	o.t.Helper()
	engine, err := o.open()
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for {
		err := engine.Claim(o.t.Context(), db.Deliveries.Collection, store.Query{
			Where: store.And(store.Eq("status", string(db.DeliveryPending)), store.Compare(store.OpGt, "next_attempt_at", now)),
			Sort:  []store.Sort{{Field: "_id"}},
		}, []store.Assignment{{Field: "next_attempt_at", Value: now}}, new(db.Delivery))
		if store.CodeOf(err) == store.NotFound {
			return
		}
		if err != nil {
			o.t.Fatal(err)
		}
	}
}
