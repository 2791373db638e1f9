package e2e_test

import (
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

// TestKills kills the server repeatedly while it works, and checks that every acknowledged change exists and its mail
// arrives.
func TestKills(t *testing.T) {
	t.Parallel()
	kills := func(n int) int {
		if thorough() {
			return 4 * n
		}
		return n
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		run(t, &killRun{kills: kills(inFull(8, 4)), folder: folder, open: func() (store.Store, error) {
			return sqlite.Open(t.Context(), filepath.Join(folder, "data", "crm.db"), db.Collections())
		}})
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		skipManyEvents(t)
		uri, name := mongotest.URI(t), mongotest.Database(t).Name()
		run(t, &killRun{
			kills: kills(3), folder: t.TempDir(), settings: append(mongoSettings(uri), "MONGO_DATABASE="+name),
			open: func() (store.Store, error) { return mongo.Open(uri, name, db.Collections()) },
		})
	})
}

// killRun is a run of TestKills.
type killRun struct {
	kills    int
	folder   string
	settings []string
	// open opens the store while the server is down, to check what the API doesn't show.
	open func() (store.Store, error)

	t            *testing.T
	smtpServer   *mailServer
	session      *session
	writers      []*writer
	acknowledged atomic.Int64
}

// writers is the number of clients that write at once, and seed makes what they do the same each time.
const writers, seed = 4, 42

func run(t *testing.T, o *killRun) {
	random := rand.New(rand.NewPCG(seed, 0))
	o.t, o.smtpServer = t, openMailServer(t, nil)
	o.settings = append(o.settings, o.smtpServer.settings()...)
	p := serve(t, o.folder, o.settings...)
	var customer string
	o.session, customer = populateSession(p)
	for i := range writers {
		o.writers = append(o.writers, newWriter(i, o.session, customer))
	}
	for kill := range o.kills {
		if kill > 0 && random.IntN(5) == 0 {
			// Kill one while it starts, or soon after.
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
	o.checkAcknowledged(interactions, tickets)
	p.stop()
	o.checkStore(interactions, tickets)
}

// wait waits for the first of both.
func (o *killRun) wait(enough <-chan struct{}, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-enough:
	case <-timer.C:
	}
}

// workUntilKilled lets the writers work until the server has acknowledged a number of changes or the time is up, and kills
// it during the next one.
func (o *killRun) workUntilKilled(p *process, changes int, limit time.Duration) {
	o.t.Helper()
	enough := make(chan struct{})
	var made atomic.Int64
	if changes == 0 {
		close(enough)
	}
	var working sync.WaitGroup
	for _, w := range o.writers {
		working.Go(func() {
			for w.write(o.t, p) {
				o.acknowledged.Add(1)
				if made.Add(1) == int64(changes) {
					close(enough)
				}
			}
		})
	}
	o.wait(enough, limit)
	p.kill()
	working.Wait()
}

// endLeases ends leases as two minutes would: the next server may send what a killed one was sending.
func (o *killRun) endLeases() {
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
