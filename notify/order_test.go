package notify

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// orderTest is a history of one record whose messages all wait, with what Carl then gets: "New, Changed".
type orderTest struct {
	name string
	// events are the types of the events, with what each changes: "interaction.updated title".
	events []string
	told   string
	// bob is what Bob gets, if that is something else.
	bob string
}

var orderTests = []orderTest{
	{"one", []string{"interaction.created"}, "New meeting", ""},
	{"edited before it was told", []string{"interaction.created", "interaction.updated title", "interaction.updated start_time"}, "New meeting", ""},
	{"cancelled before it was told", []string{"interaction.created", "interaction.cancelled status"}, "Cancelled meeting", ""},
	{"several edits", []string{"interaction.updated title", "interaction.updated start_time"}, "Changed meeting: title and time", ""},
	{"edited and deleted", []string{"interaction.updated title", "interaction.deleted"}, "Deleted meeting", ""},
	{"cancelled and planned again", []string{"interaction.cancelled status", "interaction.updated status"}, "Changed meeting: status", ""},
	{"new, cancelled and planned again", []string{"interaction.created", "interaction.cancelled status", "interaction.updated status"}, "New meeting", ""},
	{"ticket rewritten and moved", []string{"ticket.created", "ticket.updated description", "ticket.moved status"}, "New ticket, Ticket resolved", ""},
	{"ticket rewritten after it was moved", []string{"ticket.created", "ticket.moved status", "ticket.updated description"},
		"New ticket, Ticket resolved", "New ticket, Ticket resolved, Changed ticket"},
	{"ticket rewritten twice", []string{"ticket.created", "ticket.updated description", "ticket.updated title"}, "New ticket", ""},
	{"ticket moved, rewritten and deleted", []string{"ticket.created", "ticket.moved status", "ticket.updated description", "ticket.deleted"},
		"New ticket, Ticket resolved", "Deleted ticket"},
	{"ticket moved twice", []string{"ticket.created", "ticket.moved status", "ticket.moved status"}, "New ticket, Ticket resolved", ""},
}

// TestOrder plans all messages of a history before the first is sent, and sends them with many workers.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, test := range orderTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.interaction.StartTime = w.created.Add(time.Hour)
			mailer := new(recordingMailer)
			planning := New(w.db, mailer, discard(), quick)
			for _, event := range test.events {
				w.record(event)
				w.planAll(planning)
			}
			start(t, w.db, mailer)
			deliveries := w.settledAll()
			for address, want := range map[string]string{w.carl.Email: test.told, w.bob.Email: cmp.Or(test.bob, test.told)} {
				if got := mailer.told(address); got != want {
					t.Errorf("%s was told %q, want %q", address, got, want)
				}
			}
			w.checkSuperseded(deliveries)
		})
	}
}

// TestKilledWhileMerging kills a process after a message has taken over the news of another one, and before that is superseded.
func TestKilledWhileMerging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mailer := new(recordingMailer)
	service := New(w.db, mailer, discard(), quick)
	w.record("ticket.created")
	w.record("ticket.updated description")
	w.planAll(service)
	var leases []store.ID
	for merged := false; !merged; {
		claimed, err := w.db.ClaimDelivery(t.Context(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		leases = append(leases, claimed.Lease)
		if merged = claimed.Recipient == w.bob.Email && claimed.News == "created"; merged {
			if decided, err := service.dispatcher.decide(t.Context(), claimed); err != nil || decided.instead == nil {
				t.Fatalf("the message isn't superseded; error %v", err)
			}
		}
	}
	w.timePasses(leases)
	start(t, w.db, mailer)
	w.settledAll()
	if got := mailer.told(w.bob.Email); got != "New ticket" {
		t.Errorf("Bob was told %q", got)
	}
}

// record writes an event about w.interaction or w.ticket; see orderTest.
func (w *world) record(event string) {
	kind, changed, _ := strings.Cut(event, " ")
	data := content{Changed: strings.Fields(changed)}
	if strings.HasPrefix(kind, "ticket") {
		ticket := *w.ticket
		if kind == db.EventTicketMoved {
			ticket.Status = db.TicketResolved
		}
		data.Ticket = &ticket
	} else {
		data.Interaction = w.interaction
	}
	w.insert(db.Customers.Collection, &db.Customer{ID: store.NewID(), Email: "x@customer.example"}, w.event(kind, w.as(w.ada), data))
}

// settledAll waits until no delivery is pending, and returns all.
func (w *world) settledAll() []*db.Delivery {
	w.t.Helper()
	var deliveries []*db.Delivery
	eventually(w.t, func() bool {
		deliveries = w.deliveries()
		return !slices.ContainsFunc(deliveries, func(d *db.Delivery) bool { return d.Status == db.DeliveryPending })
	})
	return deliveries
}

// checkSuperseded checks that exactly the superseded deliveries name a later one to the same account.
func (w *world) checkSuperseded(deliveries []*db.Delivery) {
	w.t.Helper()
	byID := map[store.ID]*db.Delivery{}
	for _, d := range deliveries {
		byID[d.ID] = d
	}
	for _, d := range deliveries {
		if (d.SupersededBy != nil) != (d.Status == db.DeliverySuperseded) {
			w.t.Errorf("%s is %s by %v", d.EventType, d.Status, d.SupersededBy)
		} else if d.SupersededBy != nil {
			if by := byID[*d.SupersededBy]; by == nil || !d.Before(by) || by.Account != d.Account {
				w.t.Errorf("%s is superseded by %v", d.EventType, by)
			}
		}
	}
}
