package notify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// topics says which kind of letter and what news each type of event makes that anybody is mailed about.
var topics = map[string]struct{ kind, news string }{
	db.EventInteractionCreated:   {"interaction", "created"},
	db.EventInteractionUpdated:   {"interaction", "updated"},
	db.EventInteractionCancelled: {"interaction", "cancelled"},
	db.EventInteractionDeleted:   {"interaction", "deleted"},
	db.EventTicketCreated:        {"ticket", "created"},
	db.EventTicketAssigned:       {"ticket", "assigned"},
	db.EventTicketMoved:          {"ticket", "moved"},
}

// letter is what the templates know. Every text in it is one line, but for Description.
type message struct {
	// Topic is "interaction" or "ticket", News what happened to it: "created".
	Topic string
	News  string
	// Name is the recipient's.
	Name string
	// Thing is what the letter calls its topic: "meeting", "ticket".
	Thing       string
	Title       string
	Changed     string
	Status      string
	Assignee    string
	Facts       []fact
	Description string
	// Lead is the first sentence, for the templates that stand around it.
	Lead string
}

// fact is one line of the letter's list; it is left out if its Value is empty.
type fact struct{ Label, Value string }

// newLetter returns the letter about an event, to nobody yet.
func newMessage(event *store.Event, data db.EventData, about *mailContext) *message {
	topic := topics[event.Type]
	m := &message{Topic: topic.kind, News: topic.news}
	if data.Ticket != nil {
		m.describeTicket(data.Ticket, about)
	} else {
		m.describeInteraction(data.Interaction, data.Changed, about)
	}
	return m
}

func (m *message) describeInteraction(i *db.Interaction, changed []string, about *mailContext) {
	m.Thing = cmp.Or(words(string(i.Kind)), "interaction")
	m.Title = mail.Line(i.Title, titleLimit)
	m.Changed = changes(changed)
	m.Description = mail.Prose(i.Description, proseLimit)
	if slices.Contains(changed, "status") {
		m.Status = words(string(i.Status))
	}
	m.Facts = []fact{
		{"Title", m.Title},
		{"Status", m.Status},
		{"Time", span(i.StartTime, i.EndTime)},
		{"Place", optionalLine(i.Location)},
		{"Customer", about.customerName(i.CustomerID)},
		{"With", about.userName(i.UserID)},
	}
}

func (m *message) describeTicket(t *db.Ticket, about *mailContext) {
	m.Thing = "ticket"
	m.Title = mail.Line(t.Description, excerptLimit)
	m.Status = words(string(t.Status))
	m.Description = mail.Prose(t.Description, proseLimit)
	if t.AssigneeID != nil {
		m.Assignee = about.userName(*t.AssigneeID)
	}
	var on string
	if about.interaction != nil {
		on = mail.Line(about.interaction.Title, titleLimit)
	}
	m.Facts = []fact{
		{"Status", m.Status},
		{"Priority", priorities[t.Priority]},
		{"Interaction", on},
		{"Customer", about.customerName(t.CustomerID)},
		{"With", about.userName(t.InteractionUserID)},
		{"Assigned to", m.Assignee},
	}
}

var priorities = map[db.Priority]string{
	db.PriorityLow: "low", db.PriorityMedium: "medium", db.PriorityHigh: "high", db.PriorityUrgent: "urgent",
}

// words returns a stored constant as words: "follow up".
func words(constant string) string {
	return mail.Line(strings.ReplaceAll(constant, "_", " "), titleLimit)
}

// changes names what was changed of what is announced: "title, time and place".
func changes(fields []string) string {
	names := map[string]string{"title": "title", "start_time": "time", "end_time": "time", "location": "place", "status": "status"}
	is := map[string]bool{}
	for _, field := range fields {
		is[names[field]] = true
	}
	var changed []string
	for _, name := range []string{"title", "time", "place", "status"} {
		if is[name] {
			changed = append(changed, name)
		}
	}
	if len(changed) < 2 {
		return strings.Join(changed, "")
	}
	last := len(changed) - 1
	return strings.Join(changed[:last], ", ") + " and " + changed[last]
}

// moment is how a time is written: "Tue, 27 Aug 2024, 20:03 UTC".
const moment = "Mon, 2 Jan 2006, 15:04 MST"

// span writes when something starts and, where that is known, ends.
func span(start time.Time, end *time.Time) string {
	start = start.UTC()
	if end == nil {
		return start.Format(moment)
	}
	if start.Format(time.DateOnly) == end.UTC().Format(time.DateOnly) {
		return start.Format("Mon, 2 Jan 2006, 15:04") + " to " + end.UTC().Format("15:04 MST")
	}
	return start.Format(moment) + " to " + end.UTC().Format(moment)
}
