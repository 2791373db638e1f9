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

// TestSubscriptionsThroughKills has two servers on one store write ten thousand events, while subscribers come and go
// and the servers are killed and started again. Each subscriber has to be told every change that its account sees, once
// and in order. The stand-in for MongoDB scans its log for every read, so there it is two hundred.
func TestSubscriptionsThroughKills(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		(&subscriptionOrdeal{
			t: t, events: 10_000, kills: 8, folder: folder, settings: []string{"LOG_LEVEL=error"},
			open: func() (store.Store, error) {
				return sqlite.Open(t.Context(), filepath.Join(folder, "data", "crm.db"), db.Collections())
			},
		}).run()
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		events := 10_000
		if mongotest.IsStandIn() {
			events = 200
		}
		uri, name := mongotest.URI(t), mongotest.Database(t).Name()
		(&subscriptionOrdeal{
			t: t, events: events, kills: 4, folder: t.TempDir(),
			settings: append(mongoSettings(uri), "MONGO_DATABASE="+name, "LOG_LEVEL=error", "LIMIT_TIME=50s"),
			open:     func() (store.Store, error) { return mongo.Open(uri, name, db.Collections()) },
		}).run()
	})
}

// subscriptionOrdeal is a run of TestSubscriptionsThroughKills.
type subscriptionOrdeal struct {
	t             *testing.T
	events, kills int
	folder        string
	settings      []string
	// open opens the store when the servers are down, to look at the log.
	open func() (store.Store, error)

	// token is the admin's.
	token   string
	mutex   sync.Mutex
	servers []*process
	writers []*ticketWriter
	// acknowledged is how many changes of tickets the servers have acknowledged.
	acknowledged atomic.Int64
	// from is the seq at which the writers begin.
	from      int
	followers []*accountFollower
}

// accountFollower is a follower, and who it is.
type accountFollower struct {
	follower

	// customer is the id of the one whose tickets the account sees; empty if it sees all.
	customer string
	told     atomic.Int64
}

func (f *accountFollower) sees(customer string) bool {
	return f.customer == "" || f.customer == customer
}

func (o *subscriptionOrdeal) run() {
	began := time.Now()
	o.servers = []*process{serve(o.t, o.folder, o.settings...)}
	o.populate(o.servers[0])
	o.servers = append(o.servers, serve(o.t, o.folder, o.settings...))
	ctx, stop := context.WithTimeout(o.t.Context(), ordealTime)
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
	o.untilTold(o.settled())
	stop()
	following.Wait()
	for _, p := range o.servers {
		p.kill()
	}
	o.check()
	o.t.Logf("%d changes acknowledged by 2 servers with %d kills within %s", o.acknowledged.Load(), o.kills, written.Round(time.Millisecond))
	for _, f := range o.followers {
		o.t.Logf("%-22s %6d changes, %3d subscriptions, lost %d times", f.name, len(f.got), f.subscriptions, f.lost)
	}
}

// ordealWriters is how many clients write at once.
const ordealWriters = 12

// populate makes an admin, a user, and two customers with an interaction each, of which the second is the user's; those
// who write about them; and those who follow that.
func (o *subscriptionOrdeal) populate(p *process) {
	const password = "correct horse"
	admin := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	p.must(admin, `mutation { createUser(input: {name: "Uma", email: "uma@crm.example", password: "correct horse"}) { user { id } } }`, nil)
	user := p.must("", logIn, variables{"email": "uma@crm.example", "password": password}).text("logInUser.tokens.accessToken")
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
		for n := range ordealWriters / 2 {
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
	eventually(o.t, "the log tells of everybody", func() bool { return o.latestSeq() == o.from })
}

func (o *subscriptionOrdeal) latestSeq() int {
	o.t.Helper()
	seq, err := strconv.Atoi(o.server(0).must(o.token, `{ latestSeq }`, nil).text("latestSeq"))
	if err != nil {
		o.t.Fatal(err)
	}
	return seq
}

func (o *subscriptionOrdeal) server(i int) *process {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.servers[i%len(o.servers)]
}

// killServers kills a server whenever a share of the changes has been acknowledged, now the one and now the other, and
// each third time both. It starts them again where they were.
func (o *subscriptionOrdeal) killServers() {
	for kill := range o.kills {
		eventuallyWithin(o.t, ordealTime, fmt.Sprintf("the writers come to kill %d", kill+1), func() bool {
			return o.acknowledged.Load() >= int64(o.events*(kill+1)/(o.kills+1)) || o.t.Failed()
		})
		killed := []int{kill % 2}
		if kill%3 == 2 {
			killed = []int{0, 1}
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

// follow subscribes again and again, each time to one of the servers and for some changes.
func (o *subscriptionOrdeal) follow(ctx context.Context, f *accountFollower, random *rand.Rand) {
	for ctx.Err() == nil {
		err := f.read(ctx, o.server(random.IntN(2)), o.from, 1+random.IntN(o.events/5), func() { f.told.Add(1) })
		if err != nil {
			o.t.Errorf("%s: %v", f.name, err)
			return
		}
		breathe(ctx)
	}
}

// breathe keeps who has lost a server from asking for it without pause.
func breathe(ctx context.Context) {
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
