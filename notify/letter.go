package notify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"crm/db"
	"crm/db/store"
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
type letter struct {
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
func newLetter(event *store.Event, data db.EventData, about *knowledge) *letter {
	topic := topics[event.Type]
	l := &letter{Topic: topic.kind, News: topic.news}
	if data.Ticket != nil {
		l.describeTicket(data.Ticket, about)
	} else {
		l.describeInteraction(data.Interaction, data.Changed, about)
	}
	return l
}

func (l *letter) describeInteraction(i *db.Interaction, changed []string, about *knowledge) {
	l.Thing = cmp.Or(words(string(i.Kind)), "interaction")
	l.Title = line(i.Title, titleLimit)
	l.Changed = changes(changed)
	l.Description = prose(i.Description, proseLimit)
	if slices.Contains(changed, "status") {
		l.Status = words(string(i.Status))
	}
	l.Facts = []fact{
		{"Title", l.Title},
		{"Status", l.Status},
		{"Time", span(i.StartTime, i.EndTime)},
		{"Place", optionalLine(i.Location)},
		{"Customer", about.customerName(i.CustomerID)},
		{"With", about.userName(i.UserID)},
	}
}

func (l *letter) describeTicket(t *db.Ticket, about *knowledge) {
	l.Thing = "ticket"
	l.Title = line(t.Description, excerptLimit)
	l.Status = words(string(t.Status))
	l.Description = prose(t.Description, proseLimit)
	if t.AssigneeID != nil {
		l.Assignee = about.userName(*t.AssigneeID)
	}
	var on string
	if about.interaction != nil {
		on = line(about.interaction.Title, titleLimit)
	}
	l.Facts = []fact{
		{"Status", l.Status},
		{"Priority", priorities[t.Priority]},
		{"Interaction", on},
		{"Customer", about.customerName(t.CustomerID)},
		{"With", about.userName(t.InteractionUserID)},
		{"Assigned to", l.Assignee},
	}
}

var priorities = map[db.Priority]string{
	db.PriorityLow: "low", db.PriorityMedium: "medium", db.PriorityHigh: "high", db.PriorityUrgent: "urgent",
}

// words returns a stored constant as words: "follow up".
func words(constant string) string { return line(strings.ReplaceAll(constant, "_", " "), titleLimit) }

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
