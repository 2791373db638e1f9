package notify

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"crm/auth"
	"crm/db"
	"crm/db/address"
	"crm/db/store"
	"crm/notify/mail"
)

// mailChannel is the channel of deliveries that are sent as mail.
const mailChannel = "mail"

// errMalformedEvent marks an event that can't be handled, even if it is tried again.
var errMalformedEvent = errors.New("event is malformed")

// errNoAddress says that a recipient has no address, which is no failure.
var errNoAddress = errors.New("the recipient has no e-mail address")

// composer creates the deliveries for events, by the table of announcements.
type composer struct {
	db *db.DB
	// table has the rows for each type of event.
	table  map[string][]*announcement
	config Config
	// builtIn returns the templates that are used without the operator's, and where those fail. Parsing them takes a thirtieth of a start,
	// and most commands of crm send nothing.
	builtIn func() *Templates
	// domain is that of the Message-IDs.
	domain string
	// keeps says that there is no mail server, so that messages are kept.
	keeps bool
	log   *slog.Logger
}

// newComposer returns a composer for a table.
func newComposer(d *db.DB, log *slog.Logger, table []announcement, config Config) *composer {
	c := &composer{
		db: d, log: log, table: map[string][]*announcement{}, builtIn: sync.OnceValue(builtInTemplates), config: config.withDefaults(),
		domain: mail.Domain(config.Sender),
	}
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
		to, ok := about.recipient(d.event, a)
		key := db.AddressKey(to.Email)
		if !ok || key != "" && addresses[key] {
			continue
		}
		addresses[key] = true
		delivery, err := c.delivery(d, about, a, to)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errMalformedEvent, err)
		}
		deliveries = append(deliveries, delivery)
		copies, err := c.copies(d, about, a, addresses)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errMalformedEvent, err)
		}
		deliveries = append(deliveries, copies...)
	}
	return deliveries, nil
}

// copies writes to the addresses that get a copy of the message to the customer, and that none of the addresses is. Each has a
// delivery of its own, so that none waits for another, and whose mail comes back is known.
func (c *composer) copies(d *draft, about *mailContext, a addressee, addresses map[string]bool) ([]*db.Delivery, error) {
	message, ok := d.data.Entity.(*db.TicketMessage)
	if !ok || a.role != customer {
		return nil, nil
	}
	var copies []*db.Delivery
	for _, email := range message.Copies() {
		key := db.AddressKey(email)
		if addresses[key] {
			continue
		}
		addresses[key] = true
		delivery := c.db.NewCopy(d.event, mailChannel, a.account, email)
		if err := c.complete(delivery, d, about, a, db.Recipient{Email: email}); err != nil {
			return nil, err
		}
		copies = append(copies, delivery)
	}
	return copies, nil
}

// delivery returns a delivery that is due at once, or kept if there is no mail server; it is cancelled already if the recipient
// has no address, or failed if no mail can be sent to it.
func (c *composer) delivery(d *draft, about *mailContext, a addressee, to db.Recipient) (*db.Delivery, error) {
	delivery := c.db.NewDelivery(d.event, mailChannel, a.account)
	if err := c.complete(delivery, d, about, a, to); err != nil {
		return nil, err
	}
	return delivery, nil
}

// complete completes a delivery to a recipient.
func (c *composer) complete(delivery *db.Delivery, d *draft, about *mailContext, a addressee, to db.Recipient) error {
	if message, ok := d.data.Entity.(*db.TicketMessage); ok {
		delivery.EntityID = message.TicketID // in whose thread it is
	}
	problem := setRecipient(delivery, to)
	delivery.MessageID = delivery.ID.String() + "@" + c.domain
	delivery.News, delivery.Changed = a.row.news, strings.Join(d.data.Changed, " ")
	switch a.role {
	case customer:
		delivery.ReplyTo = cmp.Or(replyTo(d.data), authorOf(d.data))
	case mentioned:
		delivery.ReplyTo = authorOf(d.data)
	}
	if err := c.write(delivery, d, about, a.row.topic); err != nil {
		return err
	}
	switch {
	case problem != nil:
		reason := problem.Error()
		delivery.Status, delivery.LastError = db.DeliveryFailed, &reason
		if errors.Is(problem, errNoAddress) {
			delivery.Status = db.DeliveryCancelled
		}
	case c.keeps:
		delivery.Status = db.DeliveryKept
	}
	return nil
}

// replyTo returns the account of the user who is responsible, and gets the customer's replies: the interaction's, or else the
// ticket's assignee. It is empty if there is none.
func replyTo(data db.EventData) auth.AudienceKey {
	for _, party := range data.Concerned {
		if role(party.Role).answers() {
			return party.Account
		}
	}
	account, _ := data.AccountThatIs(string(assignee))
	return account
}

// authorOf returns the account of the user who wrote a message, empty if no user did.
func authorOf(data db.EventData) auth.AudienceKey {
	account, _ := data.AccountThatIs(string(author))
	return account
}

// write writes the texts of a delivery. If the operator's template fails, the built-in one writes them.
func (c *composer) write(delivery *db.Delivery, d *draft, about *mailContext, topic string) error {
	m := &message{
		mailContext: about, News: delivery.News, Entity: d.data.Entity, changed: strings.Fields(delivery.Changed),
		AppName: c.config.AppName, zone: c.config.zoneOf(about.accounts[delivery.Account]),
	}
	message, written := d.data.Entity.(*db.TicketMessage)
	former, hidden := withdrawn(delivery.Account, d.data)
	if hidden {
		m.Entity, m.changed = former, []string{"status"}
	}
	switch link := about.links[d.event.Entity]; {
	case link != nil:
		m.action(link, c.config.Links)
	case delivery.IsCopy(), hidden: // who gets it can't log in, or doesn't see it any more
	case written:
		m.Link = c.config.Links.to(db.Tickets.Noun, db.KindTicket.GlobalID(message.TicketID))
	case topic != accountTopic && !db.IsDeletion(d.event.Type):
		m.Link = c.config.Links.to(db.EntityOf(d.event))
	}
	err := c.templates().write(delivery, topic, m)
	if err == nil || c.config.Templates == nil {
		return err
	}
	c.log.Error("a mail template failed; the built-in one was used", "delivery", delivery.ID.String(), "topic", topic, "error", err)
	return c.builtIn().write(delivery, topic, m)
}

// setRecipient sets a delivery's address; the error, which may be errNoAddress, says why no mail can be sent to it.
func setRecipient(delivery *db.Delivery, to db.Recipient) error {
	text := address.Trim(strings.ToValidUTF8(to.Email, "\uFFFD"))
	delivery.Recipient, delivery.RecipientName = mail.Shorten(text, address.Limit), mail.Line(to.Name, mail.NameLimit)
	if text == "" {
		return errNoAddress
	}
	if _, err := address.Parse(to.Email); err != nil {
		return fmt.Errorf("the recipient's address %w", err)
	}
	return nil
}
