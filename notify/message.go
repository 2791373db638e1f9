package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// The most runes that a message shows of a text.
const (
	titleLimit       = 200
	excerptLimit     = 60
	leadLimit        = 500
	descriptionLimit = 10_000
	errorLimit       = 500
)

// message is what the templates work with: an event and what it refers to, and what the message says of it so far.
// Templates may use texts as they are, since whatever they write is cut and made harmless afterwards.
type message struct {
	*mailContext
	// News is what happened, as the table of announcements calls it.
	News string
	// Entity is the event's.
	Entity  store.Document
	changed []string

	// RecipientName, Lead, Facts and Description are what the frame is put around.
	RecipientName string
	Lead          string
	Facts         []fact
	Description   string
}

// fact is one line of the message's list.
type fact struct{ Label, Value string }

// Fact adds a line to the message's list, unless its value is empty. It writes nothing where the template calls it.
func (m *message) Fact(label, value string) string {
	if value = mail.Line(value, titleLimit); value != "" {
		m.Facts = append(m.Facts, fact{label, value})
	}
	return ""
}

// Changed reports whether the event changed a stored field.
func (m *message) Changed(field string) bool { return slices.Contains(m.changed, field) }

// Changes names what has changed of what is announced: "title, time and place".
func (m *message) Changes() string {
	names := map[string]string{"title": "title", "start_time": "time", "end_time": "time", "location": "place", "status": "status"}
	is := map[string]bool{}
	for _, field := range m.changed {
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

// excerpt returns the beginning of a text, in one line.
func excerpt(text string) string { return mail.Line(text, excerptLimit) }

// words returns a stored constant as words: "follow up".
func words(constant any) string {
	return mail.Line(strings.ReplaceAll(fmt.Sprint(constant), "_", " "), titleLimit)
}

var priorities = map[db.Priority]string{
	db.PriorityLow: "low", db.PriorityMedium: "medium", db.PriorityHigh: "high", db.PriorityUrgent: "urgent",
}

func priority(p db.Priority) string { return priorities[p] }

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
