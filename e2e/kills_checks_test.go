package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// entity is an interaction or a ticket as the API returns it at the end.
type entity struct {
	ID                 string
	Title, Description string
	Version            int
	Deliveries         struct{ Nodes []struct{ Status string } }
	Tickets            struct{ Nodes []entity }
}

// settled waits until all mail is sent, and returns everything by id. It queries the API only after all mail has arrived, to
// leave the server time for sending.
func (o *killRun) settled(p *process) (interactions, tickets map[string]entity) {
	o.t.Helper()
	interactions, tickets = o.everything(p)
	expected := recipientsOfInteraction*len(interactions) + recipientsOfTicket*len(tickets)
	eventuallyWithin(o.t, longTimeout, fmt.Sprintf("%d mails arrive", expected), func() bool {
		different := map[string]bool{}
		for _, l := range o.smtpServer.inbox() {
			different[l.id] = true
		}
		return len(different) >= expected
	})
	eventuallyWithin(o.t, longTimeout, "all mail is SENT or SUPERSEDED", func() bool {
		interactions, tickets = o.everything(p)
		for _, e := range interactions {
			if !e.isMailed(recipientsOfInteraction) {
				return false
			}
		}
		for _, e := range tickets {
			if !e.isMailed(recipientsOfTicket) {
				return false
			}
		}
		return true
	})
	return interactions, tickets
}

// The number of recipients of every change: for an interaction its customer and its user, for a ticket only the customer,
// because the user raised it.
const (
	recipientsOfInteraction = 2
	recipientsOfTicket      = 1
)

// isMailed reports whether mail about each version was sent to that many recipients, or superseded by later mail, and no other.
func (e entity) isMailed(recipients int) bool {
	for _, delivery := range e.Deliveries.Nodes {
		if delivery.Status != "SENT" && delivery.Status != "SUPERSEDED" {
			return false
		}
	}
	return len(e.Deliveries.Nodes) == recipients*e.Version
}

// everything reads all interactions and tickets, page by page.
func (o *killRun) everything(p *process) (interactions, tickets map[string]entity) {
	o.t.Helper()
	interactions, tickets = map[string]entity{}, map[string]entity{}
	var page struct {
		Interactions struct {
			PageInfo struct {
				HasNextPage bool
				EndCursor   string
			}
			Nodes []entity
		}
	}
	vars := variables{}
	for {
		a := p.must(o.session.token(), `query($after: String) { interactions(first: 50, after: $after) {
			pageInfo { hasNextPage endCursor }
			nodes {
				id title version deliveries(first: 100) { nodes { status } }
				tickets(first: 50) { nodes { id description version deliveries(first: 5) { nodes { status } } } }
			} } }`, vars)
		raw, err := json.Marshal(a.Data)
		if err != nil {
			o.t.Fatal(err)
		}
		page.Interactions.Nodes = nil
		if err := json.Unmarshal(raw, &page); err != nil {
			o.t.Fatal(err)
		}
		for _, interaction := range page.Interactions.Nodes {
			interactions[interaction.ID] = interaction
			for _, ticket := range interaction.Tickets.Nodes {
				tickets[ticket.ID] = ticket
			}
		}
		if !page.Interactions.PageInfo.HasNextPage {
			return interactions, tickets
		}
		vars["after"] = page.Interactions.PageInfo.EndCursor
	}
}

// ticketNumber matches the ticket's number in a subject, which the writers don't know.
var ticketNumber = regexp.MustCompile(` #\d+:`)

// checkAcknowledged checks that every acknowledged change exists and its mail has arrived.
func (o *killRun) checkAcknowledged(interactions, tickets map[string]entity) {
	o.t.Helper()
	mailed := map[string]bool{}
	for _, l := range o.smtpServer.inbox() {
		mailed[l.to+" "+ticketNumber.ReplaceAllString(l.subject, ":")] = true
	}
	checkMail := func(subject string, recipients ...string) {
		for _, to := range recipients {
			if !mailed[to+" New "+subject] && !mailed[to+" Changed "+subject] {
				o.t.Errorf("%s was never told of the %s", to, subject)
			}
		}
	}
	const user, customer = "asha@crm.example", "carl@customer.example"
	for _, w := range o.writers {
		for _, m := range w.meetings {
			last := m.titles[len(m.titles)-1]
			if now := interactions[m.id].Title; now != last && !slices.Contains(m.unsure, now) {
				o.t.Errorf("interaction %s is now %q, but %q was acknowledged", m.id, now, last)
			}
			checkMail("meeting: "+interactions[m.id].Title, user, customer)
		}
		for id, description := range w.tickets {
			if now := tickets[id].Description; now != description {
				o.t.Errorf("ticket %s is now %q, but %q was acknowledged", id, now, description)
			}
			checkMail("ticket: "+description, customer)
		}
	}
}

// checkStore checks that the event log has no gaps and contains every change once, and that there is no other mail.
func (o *killRun) checkStore(interactions, tickets map[string]entity) {
	o.t.Helper()
	engine, err := o.open()
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	events := map[string]int{}
	for i, event := range all[store.Event](o.t, engine, store.Events, "seq") {
		if event.Seq != i+1 || !event.Planned {
			o.t.Errorf("event %d has seq %d; planned: %t", i+1, event.Seq, event.Planned)
		}
		entity, _, _ := strings.Cut(event.Type, ".")
		events[entity]++
	}
	for entity, versions := range map[string]map[string]entity{"interaction": interactions, "ticket": tickets} {
		changes := 0
		for e := range maps.Values(versions) {
			changes += e.Version
		}
		if events[entity] != changes {
			o.t.Errorf("%d events for %d changes of entities of kind %s", events[entity], changes, entity)
		}
	}
	copies := map[string]int{}
	for _, l := range o.smtpServer.inbox() {
		copies[l.id]++
	}
	deliveries := all[db.Delivery](o.t, engine, db.Deliveries.Collection, "created_at")
	duplicates, most := 0, 0
	for _, delivery := range deliveries {
		received := copies[delivery.MessageID]
		delete(copies, delivery.MessageID)
		sent := delivery.Status == db.DeliverySent && received >= 1
		if (!sent && delivery.Status != db.DeliverySuperseded) || received > 1+o.kills {
			o.t.Errorf("delivery %s is %s and arrived %d times", delivery.ID, delivery.Status, received)
		}
		duplicates += max(0, received-1)
		most = max(most, received)
	}
	if len(copies) > 0 {
		o.t.Errorf("unknown mail arrived: %v", copies)
	}
	o.checkOrder(deliveries)
	o.t.Logf("%d kills, %d changes acknowledged, %d interactions, %d tickets, %d mails, %d duplicates, no mail more than %d times",
		o.kills, o.acknowledged.Load(), len(interactions), len(tickets), len(deliveries), duplicates, most)
}

// checkOrder checks that mail about one object reached each recipient in the order of the changes, up to the last one.
func (o *killRun) checkOrder(deliveries []*db.Delivery) {
	o.t.Helper()
	type thread struct {
		entity  store.ID
		account auth.AudienceKey
	}
	byID, told, last := map[string]*db.Delivery{}, map[thread]int{}, map[thread]int{}
	for _, d := range deliveries {
		key := thread{d.EntityID, d.Account}
		byID[d.MessageID], last[key] = d, max(last[key], d.Seq)
	}
	for _, l := range o.smtpServer.inbox() {
		d := byID[l.id]
		if d == nil {
			continue // reported already
		}
		key := thread{d.EntityID, d.Account}
		if d.Seq < told[key] {
			o.t.Errorf("%s got %q after a later message", l.to, l.subject)
		}
		told[key] = d.Seq
	}
	for key, seq := range last {
		if told[key] != seq {
			o.t.Errorf("the last message about %s to %s is of change %d, not %d", key.entity, key.account, told[key], seq)
		}
	}
}

// all reads a whole collection.
func all[T any, P interface {
	*T
	store.Document
}](t *testing.T, engine store.Store, c *store.Collection, order string) []P {
	t.Helper()
	var found []P
	sort := []store.Sort{{Field: order}, {Field: "_id"}}
	if err := engine.Find(t.Context(), c, store.Query{Sort: sort}, func() store.Document {
		found = append(found, P(new(T)))
		return found[len(found)-1]
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
