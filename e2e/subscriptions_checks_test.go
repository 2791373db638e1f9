package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crm/db"
	"crm/db/store"
)

// settled waits until the log contains all changes, and returns the number of changes of each customer's tickets.
func (o *subscriptionRun) settled() map[string]int {
	o.t.Helper()
	var all struct {
		Tickets struct {
			TotalCount int
			Nodes      []struct {
				Version  int
				Customer struct{ ID string }
			}
		}
	}
	a := o.server(0).must(o.token, `{ tickets(first: 100) { totalCount nodes { version customer { id } } } }`, nil)
	raw, err := json.Marshal(a.Data)
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil || all.Tickets.TotalCount > len(all.Tickets.Nodes) {
		o.t.Fatalf("the tickets are %s, %v", a.raw, err)
	}
	changes, sum := map[string]int{}, 0
	for _, ticket := range all.Tickets.Nodes {
		changes[ticket.Customer.ID] += ticket.Version
		sum += ticket.Version
	}
	eventuallyWithin(o.t, longTimeout, "all changes are in the log", func() bool { return o.latestSeq() == o.from+sum })
	return changes
}

// waitForFollowers waits until all followers have received all changes of the tickets that they may see.
func (o *subscriptionRun) waitForFollowers(changes map[string]int) {
	o.t.Helper()
	for _, f := range o.followers {
		expected := 0
		for customer, n := range changes {
			if f.sees(customer) {
				expected += n
			}
		}
		eventuallyWithin(o.t, longTimeout, fmt.Sprintf("%s receives %d changes", f.name, expected), func() bool {
			return f.received.Load() >= int64(expected) || o.t.Failed()
		})
	}
}

// check checks that the log contains every version of every ticket once and in order, and each acknowledged change, and that
// each follower received exactly the visible changes in the log.
func (o *subscriptionRun) check() {
	engine, err := o.open()
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	versions, texts := map[store.ID]int{}, map[string]int{}
	want := make([][]ticketChange, len(o.followers))
	for _, event := range all[store.Event](o.t, engine, store.Events, "seq") {
		if event.Seq <= o.from {
			continue
		}
		data, err := db.DecodeEvent(event)
		ticket, ok := data.Entity.(*db.Ticket)
		if err != nil || !ok {
			o.t.Fatalf("event %d is %s %s, %v", event.Seq, event.Type, event.Data, err)
		}
		if versions[event.Entity]++; ticket.Version != versions[event.Entity] {
			o.t.Errorf("event %d has version %d, want %d", event.Seq, ticket.Version, versions[event.Entity])
		}
		texts[ticket.Description]++
		_, kind, _ := strings.Cut(event.Type, ".")
		change := ticketChange{Seq: event.Seq, Kind: strings.ToUpper(kind), TicketID: db.KindTicket.GlobalID(event.Entity)}
		for i, f := range o.followers {
			if f.sees(db.KindCustomer.GlobalID(ticket.CustomerID)) {
				want[i] = append(want[i], change)
			}
		}
	}
	o.checkWriters(texts)
	for i, f := range o.followers {
		if !slices.Equal(f.got, want[i]) {
			o.t.Errorf("%s received %d changes, want %d%s", f.name, len(f.got), len(want[i]), difference(f.got, want[i]))
		}
	}
}

// difference describes the first difference of two sequences of changes.
func difference(got, want []ticketChange) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf(": number %d is %v, want %v", i, got[i], want[i])
		}
	}
	return ""
}

// checkWriters checks that each acknowledged change is in the log once, and that no other changes are.
func (o *subscriptionRun) checkWriters(texts map[string]int) {
	for _, w := range o.writers {
		for text := range w.acknowledged {
			if texts[text] != 1 {
				o.t.Errorf("the change to %q was acknowledged, but is in the log %d times", text, texts[text])
			}
			delete(texts, text)
		}
		for text := range w.unsure {
			if texts[text] > 1 {
				o.t.Errorf("the log contains %d times the change to %q", texts[text], text)
			}
			delete(texts, text)
		}
	}
	if len(texts) > 0 {
		o.t.Errorf("the log contains %d unknown changes: %v", len(texts), slices.Collect(maps.Keys(texts)))
	}
}
