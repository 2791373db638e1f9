package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
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

// TestSubscriptionsThroughKills makes a server, or two on one MongoDB, write hundreds or thousands of events, while subscribers connect and
// disconnect and the servers are killed and restarted. Each subscriber must receive every change that its account may see,
// once and in order. FerretDB scans its log for every read, so there are only a few events there.
func TestSubscriptionsThroughKills(t *testing.T) {
	t.Parallel()
	events, kills := inFull(2_000, 500), inFull(4, 3)
	if thorough() {
		events, kills = 10_000, 8
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		(&subscriptionRun{
			t: t, count: 1, events: events, kills: kills, folder: folder, settings: []string{"LOG_LEVEL=error"},
			open: func() (store.Store, error) {
				return sqlite.Open(t.Context(), filepath.Join(folder, "data", "crm.db"), db.Collections())
			},
		}).run()
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		skipManyEvents(t)
		events, kills := events, kills
		if mongotest.IsStandIn() {
			events, kills = 200, 4
		}
		uri, name := mongotest.URI(t), mongotest.Database(t).Name()
		(&subscriptionRun{
			t: t, count: 2, events: events, kills: kills, folder: t.TempDir(),
			settings: append(mongoSettings(uri), "MONGO_DATABASE="+name, "LOG_LEVEL=error", "LIMIT_TIME=50s"),
			open:     func() (store.Store, error) { return mongo.Open(uri, name, db.Collections()) },
		}).run()
	})
}

// subscriptionRun is a run of TestSubscriptionsThroughKills.
type subscriptionRun struct {
	t *testing.T
	// count is the number of servers.
	count, events, kills int
	folder               string
	settings             []string
	// open opens the store while the servers are down, to check the log.
	open func() (store.Store, error)

	// token is the token of the admin.
	token   string
	mutex   sync.Mutex
	servers []*process
	writers []*ticketWriter
	// acknowledged counts the acknowledged changes of tickets.
	acknowledged atomic.Int64
	// from is the seq at which the writers begin.
	from      int
	followers []*accountFollower
}

// accountFollower is a follower with its account.
type accountFollower struct {
	follower

	// customer is the id of the customer whose tickets the account may see; empty if it sees all.
	customer string
	received atomic.Int64
}

func (f *accountFollower) sees(customer string) bool {
	return f.customer == "" || f.customer == customer
}

func (o *subscriptionRun) run() {
	began := time.Now()
	o.servers = []*process{serve(o.t, o.folder, o.settings...)}
	o.populate(o.servers[0])
	for range o.count - 1 {
		o.servers = append(o.servers, serve(o.t, o.folder, o.settings...))
	}
	ctx, stop := context.WithTimeout(o.t.Context(), longTimeout)
	defer stop()
	var following, writing sync.WaitGroup
	for i, f := range o.followers {
		following.Go(func() { o.follow(ctx, f, rand.New(rand.NewPCG(1, uint64(i)))) })
	}
	for i, w := range o.writers {
		writing.Go(func() {
			for try := i; ctx.Err() == nil && o.acknowledged.Load() < int64(o.events); try++ {
				w.write(ctx, o.t, o.server(try), &o.acknowledged)
			}
		})
	}
	o.killServers()
	writing.Wait()
	written := time.Since(began)
	o.waitForFollowers(o.settled())
	stop()
	following.Wait()
	for _, p := range o.servers {
		p.kill()
	}
	o.check()
	o.t.Logf("%d changes acknowledged by %d servers with %d kills within %s", o.acknowledged.Load(), o.count, o.kills, written.Round(time.Millisecond))
	for _, f := range o.followers {
		o.t.Logf("%-22s %6d changes, %3d subscriptions, lost %d times", f.name, len(f.got), f.subscriptions, f.lost)
	}
}

// concurrentWriters is the number of clients that write concurrently.
const concurrentWriters = 12

// populate creates an admin, a user, two customers with an interaction each (the second one is the user's), and the
// writers and followers of their tickets.
func (o *subscriptionRun) populate(p *process) {
	const password = "correct horse"
	admin := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	p.must(admin, `mutation { createUser(input: {name: "Uma", email: "uma@crm.example", password: "correct horse"}) { user { id } } }`, nil)
	user := logInAs(p, "uma@crm.example", password)
	follow := func(name, token, customer string, by subscribe) {
		o.followers = append(o.followers, &accountFollower{
			follower: follower{name: name, token: token, subscribe: by}, customer: customer,
		})
	}
	follow("admin, WebSocket", admin, "", bySocket)
	follow("admin, events", admin, "", byEvents)
	for i, owner := range []string{admin, user} {
		name := []string{"Carl", "Cora"}[i]
		a := p.must("", `mutation($name: String!, $email: EmailAddress!) {
			signUpCustomer(input: {name: $name, email: $email, password: "correct horse"}) {
				customer { id } tokens { accessToken } } }`, variables{"name": name, "email": name + "@customer.example"})
		customer, token := a.text("signUpCustomer.customer.id"), a.text("signUpCustomer.tokens.accessToken")
		meeting := p.must(owner, createInteraction, variables{"customer": customer, "title": "Demo"}).
			text("createInteraction.interaction.id")
		for n := range concurrentWriters / 2 {
			o.writers = append(o.writers, &ticketWriter{
				name: fmt.Sprintf("%s-%d", name, n), token: admin, meeting: meeting,
				acknowledged: map[string]bool{}, unsure: map[string]bool{},
			})
		}
		follow(name+", events", token, customer, byEvents)
		if owner == user {
			follow(name+", WebSocket", token, customer, bySocket)
			follow("user, WebSocket", user, customer, bySocket)
		}
	}
	o.token, o.from = admin, 6 // two users, two customers, two interactions
	eventually(o.t, "the log contains all accounts and interactions", func() bool { return o.latestSeq() == o.from })
}

func (o *subscriptionRun) latestSeq() int {
	o.t.Helper()
	seq, err := strconv.Atoi(o.server(0).must(o.token, `{ latestSeq }`, nil).text("latestSeq"))
	if err != nil {
		o.t.Fatal(err)
	}
	return seq
}

func (o *subscriptionRun) server(i int) *process {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.servers[i%len(o.servers)]
}

// killServers kills a server each time a share of the changes has been acknowledged: the servers in turn, and all of them
// every third time. It restarts them on the same ports.
func (o *subscriptionRun) killServers() {
	for kill := range o.kills {
		eventuallyWithin(o.t, longTimeout, fmt.Sprintf("the writers reach kill %d", kill+1), func() bool {
			return o.acknowledged.Load() >= int64(o.events*(kill+1)/(o.kills+1)) || o.t.Failed()
		})
		killed := []int{kill % o.count}
		if kill%3 == 2 {
			killed = nil
			for i := range o.servers {
				killed = append(killed, i)
			}
		}
		for _, i := range killed {
			o.servers[i].kill()
		}
		for _, i := range killed {
			again := serve(o.t, o.folder, append(slices.Clone(o.settings), "PORT="+o.servers[i].port())...)
			o.mutex.Lock()
			o.servers[i] = again
			o.mutex.Unlock()
		}
	}
}

// follow subscribes repeatedly, each time to a random server and for some changes.
func (o *subscriptionRun) follow(ctx context.Context, f *accountFollower, random *rand.Rand) {
	for ctx.Err() == nil {
		err := f.read(ctx, o.server(random.IntN(o.count)), o.from, 1+random.IntN(o.events/5), func() { f.received.Add(1) })
		if err != nil {
			o.t.Errorf("%s: %v", f.name, err)
			return
		}
		pauseRetry(ctx)
	}
}

// pauseRetry keeps a client that has lost a server from retrying without a pause.
func pauseRetry(ctx context.Context) {
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
