package notify

import (
	"errors"
	"fmt"
	"strings"

	"crm/db"
	"crm/db/address"
	"crm/db/store"
	"crm/notify/mail"
)

// mailChannel is the channel of deliveries that are sent as mail.
const mailChannel = "mail"

// errMalformedEvent marks an event that can't be handled, even if it is tried again.
var errMalformedEvent = errors.New("event is malformed")

// composer creates the deliveries for events, by the table of announcements.
type composer struct {
	db *db.DB
	// table has the rows for each type of event.
	table     map[string][]*announcement
	templates *templates
	domain    string
}

// newComposer returns a composer for a table; domain is the domain of the Message-IDs.
func newComposer(d *db.DB, table []announcement, domain string) *composer {
	c := &composer{db: d, table: map[string][]*announcement{}, templates: parseTemplates(table), domain: domain}
	for _, row := range table {
		c.table[row.event] = append(c.table[row.event], &row)
	}
	return c
}

// draft is an event that may be announced, and the parties to announce it to.
type draft struct {
	event      *store.Event
	data       db.EventData
	addressees []addressee
}

// draft returns the draft for an event. The error is errMalformedEvent.
func (c *composer) draft(event *store.Event) (*draft, error) {
	rows, ok := c.table[event.Type]
	if !ok { // not announced, so its data needn't be decodable
		return &draft{event: event}, nil
	}
	data, err := db.DecodeEvent(event)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformedEvent, err)
	}
	found, err := addressees(rows, event, data)
	if err != nil {
		return nil, err
	}
	return &draft{event: event, data: data, addressees: found}, nil
}

// deliveries writes to those of the draft's recipients who can be written to, to each address once. The error is
// errMalformedEvent.
func (c *composer) deliveries(d *draft, about *mailContext) ([]*db.Delivery, error) {
	var deliveries []*db.Delivery
	addresses := make(map[string]bool)
	for _, a := range about.substitute(d) {
		to, ok := about.recipient(d.event, a.account)
		key := strings.ToLower(address.Canonical(to.Email))
		if !ok || addresses[key] {
			continue
		}
		addresses[key] = true
		delivery, err := c.delivery(d, about, a, to)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errMalformedEvent, err)
		}
		deliveries = append(deliveries, delivery)
	}
	return deliveries, nil
}

// delivery is due at once, or failed already if no mail can be sent to the address.
func (c *composer) delivery(d *draft, about *mailContext, a addressee, to db.Recipient) (*db.Delivery, error) {
	delivery := c.db.NewDelivery(d.event, mailChannel, a.account)
	problem := setRecipient(delivery, to)
	delivery.MessageID = delivery.ID.String() + "@" + c.domain
	delivery.News, delivery.Changed = a.row.news, strings.Join(d.data.Changed, " ")
	m := &message{mailContext: about, News: a.row.news, Entity: d.data.Entity, changed: d.data.Changed}
	if err := c.templates.write(delivery, a.row.topic, m); err != nil {
		return nil, err
	}
	if problem != nil {
		reason := problem.Error()
		delivery.Status, delivery.LastError = db.DeliveryFailed, &reason
	}
	return delivery, nil
}

// setRecipient sets a delivery's address; the error says why no mail can be sent to it.
func setRecipient(delivery *db.Delivery, to db.Recipient) error {
	text := strings.TrimSpace(strings.ToValidUTF8(to.Email, "\uFFFD"))
	delivery.Recipient, delivery.RecipientName = mail.Shorten(text, address.Limit), mail.Line(to.Name, mail.NameLimit)
	if _, err := address.Parse(to.Email); err != nil {
		return fmt.Errorf("the recipient's address %w", err)
	}
	return nil
}
