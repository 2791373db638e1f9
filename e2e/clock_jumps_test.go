package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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

// jumps are how far the clock is from the right time, one after the other: it is set back by an hour and ahead by a day, and is
// right again in between.
var jumps = []time.Duration{-time.Hour, 0, 24 * time.Hour, 0, 24 * time.Hour, -time.Hour, 0}

// TestClockJumps sets the clock of one server, or of two on one MongoDB, while they work, and checks that every acknowledged change
// exists, its mail arrives once, subscribers get every change, sessions go on, and notes stay in order.
func TestClockJumps(t *testing.T) {
	if os.Getenv("CLOCK_JUMPS") != "true" {
		t.Skip("a program with such a clock takes minutes to build, with the standard library: CLOCK_JUMPS=true runs this test")
	}
	t.Parallel()
	path := buildShifted(t)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		(&clockRun{path: path, count: 1, changes: 200, killRun: killRun{t: t, folder: folder, open: func() (store.Store, error) {
			return sqlite.Open(t.Context(), filepath.Join(folder, "data", "crm.db"), db.Collections())
		}}}).run()
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		uri, name := mongotest.URI(t), mongotest.Database(t).Name()
		(&clockRun{path: path, count: 2, changes: 15, killRun: killRun{
			t: t, folder: t.TempDir(), settings: append(mongoSettings(uri), "MONGO_DATABASE="+name, "LIMIT_TIME=50s"),
			open: func() (store.Store, error) { return mongo.Open(uri, name, db.Collections()) },
		}}).run()
	})
}

// clockRun is a run of TestClockJumps. Nothing is killed in it, but it checks the same as a killRun.
type clockRun struct {
	killRun

	// path is the program's, count the number of servers, and changes how many are made between two jumps.
	path           string
	count, changes int

	clock   shiftedClock
	servers []*process
	// meeting and ticket were made before the first jump. The ticket has the notes, which somebody writes in sequence.
	meeting, ticket string
	notes           []string
	// follower follows the changes of tickets; newest is the ticket whose change it received last.
	follower follower
	newest   atomic.Value
}

func (o *clockRun) run() {
	o.clock, o.smtpServer = newShiftedClock(o.t), openMailServer(o.t, nil)
	o.settings = append(o.settings, append(o.smtpServer.settings(), o.clock.setting())...)
	for range o.count {
		o.servers = append(o.servers, o.serve())
	}
	o.populate()
	ctx, stop := context.WithTimeout(o.t.Context(), 2*longTimeout)
	defer stop()
	var following sync.WaitGroup
	following.Go(func() { o.follow(ctx) })
	o.workThroughJumps(ctx)
	last := o.servers[0].must(o.session.token(), createTicket, variables{"id": o.meeting, "description": "The last one"}).text("createTicket.ticket.id")
	eventually(o.t, "the subscriber receives the last change", func() bool { return o.newest.Load() == last || o.t.Failed() })
	stop()
	following.Wait()
	for _, p := range o.servers {
		p.stop()
	}
	p := o.serve() // it finds at once what was postponed while the clock was ahead; else that takes up to an hour
	interactions, tickets := o.settled(p)
	o.checkAcknowledged(interactions, tickets)
	o.checkNotes(p)
	p.stop()
	o.checkStore(interactions, tickets)
	o.checkFollower()
	ends(o.t, o.folder, o.settings, 0, "check")
	o.t.Logf("%d notes, %d changes of tickets received in %d subscriptions, tokens renewed %d times",
		len(o.notes), len(o.follower.got), o.follower.subscriptions, o.session.renewals)
}

func (o *clockRun) serve() *process {
	p := beginCommand(o.t, exec.Command(o.path), o.folder, o.settings, "")
	p.waitUntilReady()
	return p
}

// populate creates an admin, a customer, a meeting, a ticket and the clients.
func (o *clockRun) populate() {
	p := o.servers[0]
	admin, customer := populateSession(p)
	o.session = admin
	o.meeting = p.must(admin.access, createInteraction, variables{"customer": customer, "title": "Demo"}).text("createInteraction.interaction.id")
	o.ticket = p.must(admin.access, createTicket, variables{"id": o.meeting, "description": "It has notes"}).text("createTicket.ticket.id")
	for i := range writers {
		o.writers = append(o.writers, newWriter(i, admin, customer))
	}
	o.follower = follower{name: "admin", token: admin.access, subscribe: bySocket}
}

// workThroughJumps lets the clock jump while the clients work.
func (o *clockRun) workThroughJumps(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var working sync.WaitGroup
	for i, w := range o.writers {
		working.Go(func() {
			for ctx.Err() == nil && !o.t.Failed() && w.write(o.t, o.servers[i%o.count]) {
				o.acknowledged.Add(1)
			}
		})
	}
	working.Go(func() { o.writeNotes(ctx) })
	for _, offset := range append(jumps, 0) {
		before := o.acknowledged.Load()
		eventuallyWithin(o.t, longTimeout, "the clients make changes", func() bool {
			return o.acknowledged.Load() >= before+int64(o.changes) || o.t.Failed()
		})
		o.clock.set(offset)
	}
	end()
	working.Wait()
}

// writeNotes writes notes in sequence, on the servers in turn.
func (o *clockRun) writeNotes(ctx context.Context) {
	for ctx.Err() == nil && !o.t.Failed() {
		text := fmt.Sprintf("Note %d", len(o.notes))
		a, err := o.session.ask(o.servers[len(o.notes)%o.count], addNote, variables{"id": o.ticket, "body": text})
		if err != nil || len(a.Errors) > 0 {
			o.t.Errorf("cannot write %s: %v %s", text, err, a.raw)
			return
		}
		o.notes = append(o.notes, text)
	}
}

// follow subscribes, and once more with a new token whenever the server asks for one.
func (o *clockRun) follow(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		server := o.servers[i%o.count]
		err := o.follower.read(ctx, server, 0, 1_000_000, func() { o.newest.Store(o.follower.got[len(o.follower.got)-1].TicketID) })
		var ended endError
		switch {
		case errors.As(err, &ended) && ended.code == "UNAUTHENTICATED":
			if a, err := o.session.renew(server, o.follower.token); err != nil || len(a.Errors) > 0 {
				o.t.Errorf("cannot renew the tokens: %v %s", err, a.raw)
				return
			}
			o.follower.token = o.session.token()
		case err != nil:
			o.t.Error(err)
			return
		}
		pauseRetry(ctx)
	}
}

// checkNotes checks that the notes are in the order in which they were written, and that their times are, too.
func (o *clockRun) checkNotes(p *process) {
	o.t.Helper()
	var found []string
	var latest time.Time
	for after := any(nil); ; {
		a := p.must(o.session.token(), `query($id: ID!, $after: String) { ticket(id: $id) {
			messages(first: 100, after: $after) { nodes { bodyText createdAt } pageInfo { hasNextPage endCursor } } } }`,
			variables{"id": o.ticket, "after": after})
		nodes, _ := a.at("ticket.messages.nodes").([]any)
		for i := range nodes {
			at := fmt.Sprintf("ticket.messages.nodes.%d.", i)
			found = append(found, a.text(at+"bodyText"))
			created, err := time.Parse(time.RFC3339, a.text(at+"createdAt"))
			if err != nil || !created.After(latest) {
				o.t.Errorf("%s was written at %s, and the one before at %s", a.text(at+"bodyText"), created, latest)
			}
			latest = created
		}
		if a.at("ticket.messages.pageInfo.hasNextPage") != true {
			break
		}
		after = a.text("ticket.messages.pageInfo.endCursor")
	}
	if !slices.Equal(found, o.notes) {
		o.t.Errorf("the notes are %v, want %v", found, o.notes)
	}
}

// checkFollower checks that the subscriber received every change of a ticket in the log, once and in order.
func (o *clockRun) checkFollower() {
	o.t.Helper()
	engine, err := o.open()
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	var want, got []int
	for _, event := range all[store.Event](o.t, engine, store.Events, "seq") {
		if strings.HasPrefix(event.Type, "ticket.") {
			want = append(want, event.Seq)
		}
	}
	for _, change := range o.follower.got {
		got = append(got, change.Seq)
	}
	if !slices.Equal(got, want) {
		o.t.Errorf("the subscriber received %d changes, want %d", len(got), len(want))
	}
}
