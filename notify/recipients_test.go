package notify

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/notify/mail/mailtest"
)

// recipientsTest is an event with the names of those who get mail about it: "carl bob".
type recipientsTest struct {
	name       string
	event      *store.Event
	recipients string
}

func interactionRecipients(w *world) []recipientsTest {
	interaction := func(change ...func(*db.Interaction)) content {
		i := *w.interaction
		for _, c := range change {
			c(&i)
		}
		return content{Interaction: &i}
	}
	changed := func(fields ...string) content {
		data := interaction()
		data.Changed = fields
		return data
	}
	return []recipientsTest{
		{"created", w.event(db.EventInteractionCreated, w.as(w.bob), interaction()), "carl bob"},
		{"created by an admin", w.event(db.EventInteractionCreated, w.as(w.ada), interaction()), "carl bob"},
		{"title changed", w.event(db.EventInteractionUpdated, w.as(w.bob), changed("title")), "carl bob"},
		{"start changed", w.event(db.EventInteractionUpdated, w.as(w.bob), changed("description", "start_time")), "carl bob"},
		{"end changed", w.event(db.EventInteractionUpdated, w.as(w.bob), changed("end_time")), "carl bob"},
		{"place changed", w.event(db.EventInteractionUpdated, w.as(w.bob), changed("location")), "carl bob"},
		{"description changed", w.event(db.EventInteractionUpdated, w.as(w.bob), changed("description", "kind")), ""},
		{"nothing changed", w.event(db.EventInteractionUpdated, w.as(w.bob), changed()), ""},
		{"changed when cancelled", w.event(db.EventInteractionUpdated, w.as(w.bob),
			withStatus(changed("start_time"), db.InteractionCancelled)), ""},
		{"changed when done", w.event(db.EventInteractionUpdated, w.as(w.bob),
			withStatus(changed("title"), db.InteractionDone)), ""},
		{"done", w.event(db.EventInteractionUpdated, w.as(w.bob), withStatus(changed("status"), db.InteractionDone)), ""},
		{"planned again", w.event(db.EventInteractionUpdated, w.as(w.bob), changed("status")), "carl bob"},
		{"cancelled", w.event(db.EventInteractionCancelled, w.as(w.bob), interaction()), "carl bob"},
		{"deleted", w.event(db.EventInteractionDeleted, w.as(w.bob), interaction()), "carl bob"},
		{"deleted when done", w.event(db.EventInteractionDeleted, w.as(w.bob),
			interaction(func(i *db.Interaction) { i.Status = db.InteractionDone })), ""},
		{"deleted when cancelled", w.event(db.EventInteractionDeleted, w.as(w.bob),
			interaction(func(i *db.Interaction) { i.Status = db.InteractionCancelled })), ""},
		{"deleted when past", w.event(db.EventInteractionDeleted, w.as(w.bob),
			interaction(func(i *db.Interaction) { i.StartTime = w.created.Add(-time.Minute) })), ""},
		{"internal and cancelled", w.event(db.EventInteractionCancelled, w.as(w.bob), interaction(func(i *db.Interaction) { i.Internal = true })), "bob"},
		{"user is deactivated", w.event(db.EventInteractionCreated, w.as(w.bob),
			interaction(func(i *db.Interaction) { i.UserID = w.dora.ID })), "carl ada"},
		{"recorded afterwards", w.event(db.EventInteractionCreated, w.as(w.bob),
			interaction(func(i *db.Interaction) { i.StartTime = w.created.Add(-time.Minute) })), ""},
		{"recorded as done", w.event(db.EventInteractionCreated, w.as(w.bob), withStatus(interaction(), db.InteractionDone)), ""},
		{"changed when past", w.event(db.EventInteractionUpdated, w.as(w.bob), past(changed("title"))), ""},
		{"moved into the past", w.event(db.EventInteractionUpdated, w.as(w.bob), past(content{
			Interaction: interaction().Interaction, Changed: []string{"start_time"}, Before: map[string]any{"start_time": w.planned},
		})), "carl bob"},
		{"cancelled when past", w.event(db.EventInteractionCancelled, w.as(w.bob), past(interaction())), ""},
		{"internal", w.event(db.EventInteractionCreated, w.as(w.bob), interaction(func(i *db.Interaction) { i.Internal = true })), "bob"},
		{"handed over", w.event(db.EventInteractionUpdated, w.as(w.ada), w.formerly("user", changed("user_id"))), "bob ada"},
		{"handed over and moved", w.event(db.EventInteractionUpdated, w.as(w.ada), w.formerly("user", changed("user_id", "start_time"))),
			"bob ada carl"},
		{"handed over when past", w.event(db.EventInteractionUpdated, w.as(w.ada), past(w.formerly("user", changed("user_id")))), ""},
		{"created by somebody who isn't told of their own", w.event(db.EventInteractionCreated, w.as(w.quiet),
			interaction(func(i *db.Interaction) { i.UserID = w.quiet.ID })), "carl"},
		{"changed for somebody who isn't told of their own", w.event(db.EventInteractionCancelled, w.as(w.ada),
			interaction(func(i *db.Interaction) { i.UserID = w.quiet.ID })), "carl quinn"},
		{"customer is deleted", w.event(db.EventInteractionDeleted, w.as(w.bob),
			interaction(func(i *db.Interaction) { i.CustomerID = store.NewID() })), "bob"},
	}
}

func ticketRecipients(w *world) []recipientsTest {
	ticket := func(status db.TicketStatus, assignee *db.User) content {
		copied := *w.ticket
		copied.Status = status
		if assignee != nil {
			copied.AssigneeID = &assignee.ID
		}
		return content{Ticket: &copied}
	}
	internal := func(data content) content {
		data.Ticket.InteractionInternal = true
		return data
	}
	queued := func(data content) content {
		data.Ticket.InteractionID, data.Ticket.InteractionUserID = nil, nil
		return data
	}
	return []recipientsTest{
		{"ticket without an interaction", w.event(db.EventTicketCreated, w.asCarl(), queued(ticket("open", nil))), "ada"},
		{"ticket without an interaction by an admin", w.event(db.EventTicketCreated, w.as(w.ada), queued(ticket("open", nil))), "carl"},
		{"ticket without an interaction by a user", w.event(db.EventTicketCreated, w.as(w.bob), queued(ticket("open", w.bob))), "carl"},
		{"taken", w.event(db.EventTicketAssigned, w.as(w.bob), queued(ticket("open", w.bob))), ""},
		{"reopened in the queue", w.event(db.EventTicketMoved, w.asCarl(), from("resolved", queued(ticket("open", nil)))), "ada"},
		{"reopened when taken", w.event(db.EventTicketMoved, w.asCarl(), from("resolved", queued(ticket("open", w.bob)))), "bob"},
		{"reopened when its assignee is deactivated", w.event(db.EventTicketMoved, w.asCarl(), from("resolved", queued(ticket("open", w.dora)))), "ada"},
		{"urgent in the queue", w.event(db.EventTicketUpdated, w.as(w.bob), urgent(with(queued(ticket("open", nil)), "priority"))), "ada"},
		{"closed in the queue", w.event(db.EventTicketMoved, w.asCarl(), queued(ticket("closed", nil))), ""},
		{"deleted from the queue", w.event(db.EventTicketDeleted, w.asCarl(), queued(ticket("open", nil))), "ada"},
		{"ticket by the customer", w.event(db.EventTicketCreated, w.asCarl(), ticket("open", nil)), "bob"},
		{"ticket by the user", w.event(db.EventTicketCreated, w.as(w.bob), ticket("open", nil)), "carl"},
		{"ticket by an admin", w.event(db.EventTicketCreated, w.as(w.ada), ticket("open", nil)), "carl bob"},
		{"ticket by the program", w.event(db.EventTicketCreated, auth.Scope{}, ticket("open", nil)), "carl bob"},
		{"ticket on an internal interaction", w.event(db.EventTicketCreated, w.as(w.ada), internal(ticket("open", nil))), "bob"},
		{"assigned", w.event(db.EventTicketAssigned, w.as(w.bob), ticket("open", w.ada)), "ada"},
		{"assigned by the assignee", w.event(db.EventTicketAssigned, w.as(w.ada), ticket("open", w.ada)), ""},
		{"assigned to the user", w.event(db.EventTicketAssigned, w.as(w.ada), ticket("open", w.bob)), "bob"},
		{"assigned to a deactivated user", w.event(db.EventTicketAssigned, w.as(w.ada), ticket("open", w.dora)), ""},
		{"assigned to another", w.event(db.EventTicketAssigned, w.as(w.quiet), w.formerly("assignee", ticket("open", w.bob))), "bob ada"},
		{"no longer assigned", w.event(db.EventTicketAssigned, w.as(w.bob), w.formerly("assignee", ticket("open", nil))), "ada"},
		{"resolved", w.event(db.EventTicketMoved, w.as(w.ada), ticket("resolved", w.ada)), "carl bob"},
		{"closed by the customer", w.event(db.EventTicketMoved, w.asCarl(), ticket("closed", w.ada)), "bob ada"},
		{"in progress", w.event(db.EventTicketMoved, w.as(w.bob), from("open", ticket("in_progress", nil))), ""},
		{"reopened by the customer", w.event(db.EventTicketMoved, w.asCarl(), from("closed", ticket("open", w.ada))), "bob ada"},
		{"reopened by the user", w.event(db.EventTicketMoved, w.as(w.bob), from("resolved", ticket("in_progress", w.ada))), "carl ada"},
		{"text rewritten by the customer", w.event(db.EventTicketUpdated, w.asCarl(), with(ticket("open", w.ada), "description")), "bob ada"},
		{"title rewritten by the user", w.event(db.EventTicketUpdated, w.as(w.bob), with(ticket("open", w.ada), "title")), "ada"},
		{"urgent", w.event(db.EventTicketUpdated, w.as(w.bob), urgent(with(ticket("open", w.ada), "priority"))), "ada"},
		{"less urgent", w.event(db.EventTicketUpdated, w.as(w.bob), with(ticket("open", w.ada), "priority")), ""},
		{"deleted by the customer", w.event(db.EventTicketDeleted, w.asCarl(), ticket("open", w.ada)), "bob ada"},
		{"raised on a deactivated user's interaction", w.event(db.EventTicketCreated, w.asCarl(), w.ofDora(ticket("open", nil))), "ada"},
		{"moved by the admin who stands in", w.event(db.EventTicketMoved, w.as(w.ada), w.ofDora(ticket("closed", nil))), "carl"},
	}
}

// TestRecipients checks who gets mail about each kind of event.
func TestRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.insert(db.Interactions.Collection, w.interaction)
	others := []recipientsTest{
		{"user created", &store.Event{ID: store.NewID(), Type: db.EventUserCreated}, ""},
		{"unknown", &store.Event{ID: store.NewID(), Type: "comet.sighted", Data: "?"}, ""},
	}
	for _, test := range slices.Concat(interactionRecipients(w), ticketRecipients(w), others) {
		t.Run(test.name, func(t *testing.T) {
			deliveries, err := compose(w, test.event)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(deliveries); got != test.recipients {
				t.Errorf("recipients are %q, want %q", got, test.recipients)
			}
		})
	}
}

// past lets the event's interaction begin before the event.
func past(data content) content {
	data.Interaction.StartTime = time.Date(2024, 7, 1, 9, 0, 0, 0, time.UTC)
	return data
}

// formerly lets Ada be who the change replaced in a role.
func (w *world) formerly(role string, data content) content {
	data.Former = []entity.Party{{Role: "former " + role, Account: auth.AccountKey(auth.User, w.ada.ID)}}
	return data
}

func (w *world) ofDora(data content) content {
	data.Ticket.InteractionUserID = &w.dora.ID
	return data
}

func from(status string, data content) content {
	data.Changed, data.Before = []string{"status"}, map[string]any{"status": status}
	return data
}

func with(data content, changed ...string) content {
	data.Changed = changed
	return data
}

func urgent(data content) content {
	data.Ticket.Priority = db.PriorityUrgent
	return data
}

func withStatus(data content, status db.InteractionStatus) content {
	data.Interaction.Status = status
	return data
}

// compose returns the deliveries for an event.
func compose(w *world, event *store.Event) ([]*db.Delivery, error) {
	w.t.Helper()
	return composeWith(w, Config{Sender: "crm@example.com"}, event)
}

func composeWith(w *world, config Config, event *store.Event) ([]*db.Delivery, error) {
	w.t.Helper()
	composer := newComposer(w.db, slog.New(slog.DiscardHandler), announcements, config)
	d, err := composer.draft(event)
	if err != nil {
		return nil, err
	}
	about, err := composer.mailContext(w.t.Context(), []*draft{d})
	if err != nil {
		return nil, err
	}
	return composer.deliveries(d, about)
}

// names returns the accounts that receive the deliveries: "carl bob".
func names(deliveries []*db.Delivery) string {
	var names []string
	for _, d := range deliveries {
		name, _, _ := strings.Cut(d.Recipient, "@")
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// TestOneAddress checks that two accounts with the same address get one mail.
func TestOneAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carl.ID, w.carl.Email = store.NewID(), "carl@bücher.example"
	w.insert(db.Customers.Collection, w.carl)
	eve := &db.User{ID: store.NewID(), Name: "Eve", Email: "CARL@xn--bcher-kva.example", Role: auth.User}
	w.insert(db.Users.Collection, eve)
	w.interaction.CustomerID = w.carl.ID
	w.interaction.UserID = eve.ID
	deliveries, err := compose(w,
		w.event(db.EventInteractionCreated, w.as(eve), content{Interaction: w.interaction}))
	if err != nil || len(deliveries) != 1 || deliveries[0].RecipientName != "Carl" {
		t.Errorf("deliveries %v, error %v", deliveries, err)
	}
}

// TestInvalidAddress checks that a delivery to an invalid address fails at once, and others are still sent.
func TestInvalidAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := mailtest.NewServer(t)
	junk := []string{
		"nobody", "a@", "@b", "a b@c.example", "a@b.example\r\nBcc: x@y.example", "<a@b.example>", "A <a@b.example>",
		`"a> SIZE=1 <b"@c.example`, `"a,b"@c.example`, `"a><b"@c.example`, "=?utf-8?q?x?=@b.example",
		"a@b.example, c@d.example", "a\u2028@b.example", "a\u0085@b.example",
		"a\u202e@b.example", "a\x00@b.example", "a@b.example (note)", "\xff@b.example",
		strings.Repeat("a", 250) + "@b.example",
	}
	for _, address := range junk {
		customer := &db.Customer{ID: store.NewID(), Name: "Junk", Email: address}
		w.insert(db.Customers.Collection, customer)
		w.interaction.ID, w.interaction.CustomerID = store.NewID(), customer.ID
		w.announce("Yearly review")
	}
	start(t, w.db, newMailer(t, server))
	deliveries := w.settled(2 * len(junk))
	for _, m := range server.Inbox() {
		if m.To != w.bob.Email {
			t.Errorf("%q got a mail", m.To)
		}
	}
	failed := slices.DeleteFunc(deliveries, func(d *db.Delivery) bool { return d.Status == db.DeliverySent })
	if len(failed) != len(junk) || len(server.Inbox()) != len(junk) {
		t.Errorf("%d failed, %d received, want %d of both", len(failed), len(server.Inbox()), len(junk))
	}
	for _, d := range failed {
		if d.Status != db.DeliveryFailed || d.LastError == nil || d.Attempts != 0 {
			t.Errorf("%q: attempts %d, error %v", d.Recipient, d.Attempts, d.LastError)
		}
	}
}

// TestMailAboutWhatBecameInternal plans the mail about an interaction that has become internal meanwhile.
func TestMailAboutWhatBecameInternal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := mailtest.NewServer(t)
	told := *w.interaction
	told.UserID = store.NewID()
	now := told
	now.Internal = true
	w.insert(db.Interactions.Collection, &now, w.event(db.EventInteractionCreated, w.as(w.bob), content{Interaction: &told}))
	start(t, w.db, newMailer(t, server))
	if d := w.settled(1)[0]; d.Status != db.DeliveryCancelled || len(server.Inbox()) > 0 {
		t.Errorf("the customer's mail is %s", d.Status)
	}
}
