package notify

import (
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// TestMessages checks the message for each kind of news.
func TestMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	end, place := w.planned.Add(time.Hour), "Room 5"
	w.interaction.EndTime, w.interaction.Location, w.interaction.Description = &end, &place, "Bring:\r\n- cake\r\n- tea"
	w.insert(db.Interactions.Collection, w.interaction)
	interaction := content{Interaction: w.interaction, Changed: []string{"start_time", "title", "end_time", "kind"}}
	again := content{Interaction: w.interaction, Changed: []string{"status"}}
	assigned, resolved, numbered, urgent := *w.ticket, *w.ticket, *w.ticket, *w.ticket
	numbered.Number, numbered.Title, urgent.Priority = new(7), "Fire", db.PriorityUrgent
	assigned.AssigneeID, resolved.Status = &w.ada.ID, db.TicketResolved
	for _, test := range []struct {
		kind    string
		data    content
		subject string
		text    []string
	}{
		{db.EventInteractionCreated, interaction, "New meeting: Yearly review", []string{
			"Hello Carl,\n\nA new meeting has been planned.\n\nTitle: Yearly review\n" +
				"Time: Tue, 27 Aug 2024, 20:03 to 21:03 UTC\nPlace: Room 5\nCustomer: Carl\nWith: Bob\n\n" +
				"Bring:\n- cake\n- tea\n",
		}},
		{db.EventInteractionUpdated, interaction, "Changed meeting: Yearly review",
			[]string{"The title and time of this meeting changed."}},
		{db.EventInteractionUpdated, again, "Changed meeting: Yearly review",
			[]string{"The status of this meeting changed.", "Status: planned"}},
		{db.EventInteractionCancelled, interaction, "Cancelled meeting: Yearly review", []string{"has been cancelled"}},
		{db.EventInteractionDeleted, interaction, "Deleted meeting: Yearly review", []string{"has been deleted"}},
		{db.EventTicketCreated, content{Ticket: w.ticket}, "New ticket: The printer is on fire", []string{
			"A new ticket has been opened.\n\nStatus: open\nPriority: high\nInteraction: Yearly review\nCustomer: Carl\n" +
				"With: Bob\n\nThe printer is on fire\n",
		}},
		{db.EventTicketAssigned, content{Ticket: &assigned}, "Ticket assigned to Ada: The printer is on fire",
			[]string{"now assigned to Ada", "Assigned to: Ada"}},
		{db.EventTicketAssigned, w.formerly("assignee", content{Ticket: w.ticket}), "Ticket no longer assigned: The printer is on fire",
			[]string{"no longer assigned to anybody"}},
		{db.EventTicketMoved, from("closed", content{Ticket: &numbered}), "Ticket #7 reopened: Fire",
			[]string{"This ticket has been reopened; it is now open.", "Title: Fire\nNumber: #7\n"}},
		{db.EventTicketUpdated, with(content{Ticket: &assigned}, "description"), "Changed ticket: The printer is on fire",
			[]string{"The text of this ticket changed."}},
		{db.EventTicketUpdated, with(content{Ticket: &urgent}, "priority"), "Urgent ticket: The printer is on fire",
			[]string{"This ticket is now urgent."}},
		{db.EventTicketDeleted, content{Ticket: &assigned}, "Deleted ticket: The printer is on fire",
			[]string{"This ticket has been deleted."}},
		{db.EventInteractionUpdated, w.formerly("user", with(interaction, "user_id")), "Handed over to Bob: Yearly review",
			[]string{"This meeting has been handed over to Bob."}},
		{db.EventTicketMoved, content{Ticket: &resolved}, "Ticket resolved: The printer is on fire",
			[]string{"This ticket is now resolved.", "Status: resolved"}},
	} {
		deliveries, err := compose(w, w.event(test.kind, w.as(w.quiet), test.data))
		if err != nil || len(deliveries) == 0 {
			t.Fatalf("%s: %v", test.kind, err)
		}
		checkMessage(t, deliveries[0], test.subject, test.text)
	}
}

func checkMessage(t *testing.T, d *db.Delivery, subject string, text []string) {
	t.Helper()
	if d.Subject != subject || d.MessageID != d.ID.String()+"@example.com" || d.RecipientName == "" {
		t.Errorf("%s: subject %q, Message-ID %q, to %q", d.EventType, d.Subject, d.MessageID, d.RecipientName)
	}
	contains(t, d.Text, text...)
	contains(t, d.HTML, "<p>Hello <bdi>"+d.RecipientName+"</bdi>,</p>")
	if strings.Contains(d.Text, "<no value>") || strings.Contains(d.HTML, "ZgotmplZ") {
		t.Errorf("%s: a value of a template is missing", d.EventType)
	}
}

func TestMessageAboutLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bare := &db.Customer{ID: store.NewID(), Email: "bare@customer.example"}
	w.insert(db.Customers.Collection, bare)
	data := content{Interaction: &db.Interaction{CustomerID: bare.ID, StartTime: w.planned, Status: db.InteractionPlanned}}
	deliveries, err := compose(w, w.event(db.EventInteractionCreated, w.as(w.ada), data))
	if err != nil || len(deliveries) != 1 {
		t.Fatalf("deliveries %v, error %v", deliveries, err)
	}
	contains(t, deliveries[0].Text, "Hello,\n\nA new interaction has been planned.\n\nTime: Tue, 27 Aug 2024, 20:03 UTC\n")
}

// TestMarkupStaysText checks that no user's text becomes markup.
func TestMarkupStaysText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const markup = `<script>alert(1)</script><img src=x onerror="y">{{.Name}}`
	w.interaction.Title, w.interaction.Description = markup, markup
	place := markup
	w.interaction.Location = &place
	deliveries, err := compose(w,
		w.event(db.EventInteractionCreated, w.as(w.bob), content{Interaction: w.interaction}))
	if err != nil {
		t.Fatal(err)
	}
	d := deliveries[0]
	if strings.Contains(d.HTML, "<script") || strings.Contains(d.HTML, "<img") {
		t.Errorf("markup in\n%s", d.HTML)
	}
	contains(t, d.HTML, "&lt;script&gt;alert(1)&lt;/script&gt;")
	contains(t, d.Text, "Title: "+markup, "Place: "+markup)
	contains(t, d.Subject, markup)
}
