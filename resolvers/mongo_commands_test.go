package resolvers_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"

	"crm/db"
	"crm/db/legacy"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/textkey"
)

// commands records the commands to MongoDB and their collections.
type commands struct {
	mutex sync.Mutex
	sent  []string
}

func (c *commands) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, started *event.CommandStartedEvent) {
		collection, ok := started.Command.Lookup(started.CommandName).StringValueOK()
		// The server looks up a session at most once a second, which is not part of an operation.
		if !ok || collection == db.Sessions.Name || collection == db.Users.Name {
			return
		}
		c.mutex.Lock()
		defer c.mutex.Unlock()
		name := started.CommandName
		if name == "aggregate" { // finds the children of many parents, if the server supports it
			name = "find"
		}
		c.sent = append(c.sent, name+" "+collection)
	}}
}

func (c *commands) take() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	sent := c.sent
	c.sent = nil
	return sent
}

// TestMongoCommands counts the round trips of the usual operations to MongoDB. The store follows the old application, which costs
// nothing in a database that it has never written to.
func TestMongoCommands(t *testing.T) {
	t.Parallel()
	sent := new(commands)
	engine, log := mongotest.OpenOn(t, mongotest.Database(t), db.Collections(), mongo.WithMonitor(sent.monitor())), slog.New(slog.DiscardHandler)
	s := serve(t, legacy.Follow(engine, textkey.Default(), 0, log), db.Options{})
	if err := s.db.Prepare(t.Context(), time.Minute, legacy.Backfill, log); err != nil {
		t.Fatal(err)
	}
	admin := s.signUpUser("Rohan")
	s.fill(2)
	ids := s.must(admin.token, `{ customers(first: 1) { nodes { interactions(first: 1) { nodes { id } } } } }`, nil)
	interaction := ids.text("customers.nodes.0.interactions.nodes.0.id")
	for _, test := range []struct {
		name, query string
		want        []string
	}{
		{"nested lists", `{ customers(first: 50) { nodes { name interactions(first: 5) { nodes { title
			tickets(first: 3) { nodes { description } } } } } } }`,
			[]string{"find customers", "find interactions", "find tickets"}},
		{"one interaction with customer and tickets", `query($i: ID!) { interaction(id: $i) { title customer { name }
			tickets { nodes { description } } } }`,
			[]string{"find customers", "find interactions", "find tickets"}},
		{"newest open tickets with customer", `{ tickets(first: 20, where: {status: {eq: OPEN}}) { nodes {
			description customer { name } } } }`,
			[]string{"find customers", "find tickets"}},
		{"create a ticket", `mutation($i: ID!) { createTicket(input: {interactionId: $i, description: "Help"}) {
			ticket { id } } }`,
			// The interaction is read again, in case it became internal or was handed over meanwhile, and the staff may raise
			// a ticket on one whose customer is gone. The first ticket also looks up the highest number.
			[]string{"find counters", "find customers", "find interactions", "find interactions", "find tickets", "insert tickets"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sent.take()
			s.in(t).must(admin.token, test.query, variables{"i": interaction})
			got := sent.take()
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("commands %q, want %q", got, test.want)
			}
		})
	}
}
