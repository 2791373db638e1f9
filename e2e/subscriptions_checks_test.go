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

// settled waits until the log tells of all there is, and returns how many changes there are of each customer's tickets.
func (o *subscriptionOrdeal) settled() map[string]int {
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
	eventuallyWithin(o.t, ordealTime, "all changes are in the log", func() bool { return o.latestSeq() == o.from+sum })
	return changes
}

// untilTold waits until all followers have been told as many changes as there are of the customers' tickets.
func (o *subscriptionOrdeal) untilTold(changes map[string]int) {
	o.t.Helper()
	for _, f := range o.followers {
		expected := 0
		for customer, n := range changes {
			if f.sees(customer) {
				expected += n
			}
		}
		eventuallyWithin(o.t, ordealTime, fmt.Sprintf("%s is told of %d changes", f.name, expected), func() bool {
			return f.told.Load() >= int64(expected) || o.t.Failed()
		})
	}
}

// check wants the log to tell of every version of every ticket once, in order, and of each acknowledged change; and each
// follower to have been told just what the log has of what it sees.
func (o *subscriptionOrdeal) check() {
	engine, err := o.open()
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	versions, texts := map[store.ID]int{}, map[string]int{}
	told := make([][]ticketChange, len(o.followers))
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
			o.t.Errorf("event %d is of version %d, want %d", event.Seq, ticket.Version, versions[event.Entity])
		}
		texts[ticket.Description]++
		_, kind, _ := strings.Cut(event.Type, ".")
		change := ticketChange{Seq: event.Seq, Kind: strings.ToUpper(kind), TicketID: db.KindTicket.GlobalID(event.Entity)}
		for i, f := range o.followers {
			if f.sees(db.KindCustomer.GlobalID(ticket.CustomerID)) {
				told[i] = append(told[i], change)
			}
		}
	}
	o.checkWriters(texts)
	for i, f := range o.followers {
		if !slices.Equal(f.got, told[i]) {
			o.t.Errorf("%s was told %d changes, not the %d that the log has%s", f.name, len(f.got), len(told[i]), difference(f.got, told[i]))
		}
	}
}

// difference says where two sequences of changes begin to differ.
func difference(got, want []ticketChange) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf(": number %d is %v, want %v", i, got[i], want[i])
		}
	}
	return ""
}

// checkWriters wants each acknowledged change to be in the log once, and nothing there that wasn't written.
func (o *subscriptionOrdeal) checkWriters(texts map[string]int) {
	for _, w := range o.writers {
		for text := range w.acknowledged {
			if texts[text] != 1 {
				o.t.Errorf("the change to %q was acknowledged, and the log tells of it %d times", text, texts[text])
			}
			delete(texts, text)
		}
		for text := range w.unsure {
			if texts[text] > 1 {
				o.t.Errorf("the log tells %d times of the change to %q", texts[text], text)
			}
			delete(texts, text)
		}
	}
	if len(texts) > 0 {
		o.t.Errorf("the log tells of %d changes that nobody has made: %v", len(texts), slices.Collect(maps.Keys(texts)))
	}
}
