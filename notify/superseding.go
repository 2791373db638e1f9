package notify

import (
	"cmp"
	"slices"
	"strings"

	"crm/db"
)

// superseding says which unsent message is made pointless by which later message about the same document to the same
// recipient. Everything else is told in order.
//
// A message that contains what somebody wrote on a ticket is never superseded.
//
// A message about an interaction states all that is true of it, so only the last one matters. A message about a ticket states
// what has happened to it, so it is superseded only by a message that undoes or repeats that. The last one is always sent, so
// that everybody is told the truth once, even about what is over before they heard of it.
var superseding = []struct {
	// topic and news are those of the announcement; empty stands for any.
	topic, earlier string
	later          []string
}{
	{"interaction", "", nil},
	{"ticket", "", []string{"deleted"}},
	{"ticket", "updated", []string{"updated", "created"}}, // a later one tells "created" if it took that over
	{"ticket", "created", []string{"updated", "created"}},
	{"ticket", "assigned", []string{"assigned"}},
	{"ticket", "moved", []string{"moved", "reopened"}},
	{"ticket", "reopened", []string{"moved", "reopened"}},
}

// supersedes reports whether a later message about the topic makes an unsent earlier one pointless.
func supersedes(topic, earlier, later string) bool {
	for _, rule := range superseding {
		if rule.topic == topic && (rule.earlier == "" || rule.earlier == earlier) && (rule.later == nil || slices.Contains(rule.later, later)) {
			return true
		}
	}
	return false
}

// merged returns the news of a later message that replaces both: who hasn't heard that something is new isn't told of changes.
func merged(earlier, later string) string {
	if later == newsUpdated && earlier != newsCancelled {
		return earlier
	}
	return later
}

// mergedFields returns the names of the fields that changed by either of two messages.
func mergedFields(earlier, later string) string {
	names := strings.Fields(earlier + " " + later)
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// successor returns the last of the related deliveries that makes an unsent one pointless, nil if none does. Any later one that
// was sent does: who knows the newer state isn't told an older one.
func (c *composer) successor(delivery *db.Delivery, related []*db.Delivery) *db.Delivery {
	topic, earlier := c.newsOf(delivery)
	if topic == messageTopic { // what somebody wrote never becomes pointless
		return nil
	}
	var last *db.Delivery
	for _, later := range related {
		if !delivery.Before(later) || later.Status == db.DeliverySuperseded || (last != nil && later.Before(last)) {
			continue
		}
		_, news := c.newsOf(later)
		if later.Status == db.DeliverySent || (supersedes(topic, earlier, news) && !c.tellsTooLate(delivery, later, related)) {
			last = later
		}
	}
	return last
}

// tellsTooLate reports whether a later message would take over the news of an earlier one, but reach the recipient after another
// message in between: "New ticket" after "Ticket resolved".
func (c *composer) tellsTooLate(earlier, later *db.Delivery, related []*db.Delivery) bool {
	topic, first := c.newsOf(earlier)
	_, last := c.newsOf(later)
	if first == last || merged(first, last) == last {
		return false
	}
	return slices.ContainsFunc(related, func(between *db.Delivery) bool {
		if !earlier.Before(between) || !between.Before(later) {
			return false
		}
		_, news := c.newsOf(between)
		return between.Status == db.DeliverySent || (between.Status == db.DeliveryPending && !supersedes(topic, news, last))
	})
}

// newsOf returns the topic and the news of a delivery.
func (c *composer) newsOf(delivery *db.Delivery) (topic, news string) {
	rows := c.table[delivery.EventType]
	if len(rows) == 0 {
		return "", delivery.News
	}
	row := rows[len(rows)-1] // the only one that earlier versions had
	return row.topic, cmp.Or(delivery.News, row.news)
}
