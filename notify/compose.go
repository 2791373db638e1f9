package notify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// mailChannel is the channel of deliveries that are sent as mail.
const mailChannel = "mail"

// errMalformedEvent marks an event that can't be handled, even if it is tried again.
var errMalformedEvent = errors.New("event is malformed")

// composer creates the deliveries for events, by the table of announcements.
type composer struct {
	db        *db.DB
	table     map[string]announcement
	templates *templates
	domain    string
}

// newComposer returns a composer for a table; domain is the domain of the Message-IDs.
func newComposer(d *db.DB, table []announcement, domain string) *composer {
	c := &composer{db: d, table: map[string]announcement{}, templates: parseTemplates(table), domain: domain}
	for _, row := range table {
		c.table[row.event] = row
	}
	return c
}

// draft is an event that may be announced, and the parties to announce it to.
type draft struct {
	event   *store.Event
	row     announcement
	data    db.EventData
	parties []party
}

// draft returns the draft for an event. The error is errMalformedEvent.
func (c *composer) draft(event *store.Event) (*draft, error) {
	row, ok := c.table[event.Type]
	if !ok { // not announced, so its data needn't be decodable
		return &draft{event: event}, nil
	}
	data, err := db.DecodeEvent(event)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformedEvent, err)
	}
	parties, err := row.recipients(event, data)
	if err != nil {
		return nil, err
	}
	return &draft{event: event, row: row, data: data, parties: parties}, nil
}

// deliveries returns the deliveries to the draft's parties with an active account, one per address. The error is
// errMalformedEvent.
func (c *composer) deliveries(d *draft, about *mailContext) ([]*db.Delivery, error) {
	var deliveries []*db.Delivery
	for _, to := range d.parties {
		name, address, ok := about.account(to)
		if !ok {
			continue
		}
		delivery, err := c.delivery(d, about, name, address)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errMalformedEvent, err)
		}
		if !slices.ContainsFunc(deliveries, func(other *db.Delivery) bool { return other.ID == delivery.ID }) {
			deliveries = append(deliveries, delivery)
		}
	}
	return deliveries, nil
}

// delivery returns a delivery that is due at once, or has failed already if no mail can be sent to the address.
func (c *composer) delivery(d *draft, about *mailContext, name, address string) (*db.Delivery, error) {
	address = strings.TrimSpace(strings.ToValidUTF8(address, "\uFFFD"))
	delivery := c.db.NewDelivery(d.event, mailChannel, mail.Shorten(address, mail.AddressLimit))
	delivery.RecipientName = mail.Line(name, mail.NameLimit)
	delivery.MessageID = delivery.ID.String() + "@" + c.domain
	m := &message{
		mailContext: about, News: d.row.news, Interaction: d.data.Interaction, Ticket: d.data.Ticket, changed: d.data.Changed,
	}
	if err := c.templates.write(delivery, d.row.topic, m); err != nil {
		return nil, err
	}
	if err := mail.CheckAddress(address); err != nil {
		reason := err.Error()
		delivery.Status, delivery.LastError = db.DeliveryFailed, &reason
	}
	return delivery, nil
}
