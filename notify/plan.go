package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// mailChannel is the channel of deliveries that go out as mail.
const mailChannel = "mail"

// errMalformedEvent marks an event that no other try will make sense of.
var errMalformedEvent = errors.New("event makes no sense")

// party is an account that may be told something.
type party struct {
	staff bool
	id    store.ID
}

// recipients returns whom an event concerns by what it tells, in the order in which they are mailed: both parties of an
// interaction, also the one who acted; of a ticket's, all but that one.
func recipients(event *store.Event, data db.EventData) ([]party, error) {
	switch event.Type {
	case db.EventInteractionCreated, db.EventInteractionUpdated, db.EventInteractionCancelled, db.EventInteractionDeleted:
		if data.Interaction == nil {
			return nil, fmt.Errorf("%w: %s without interaction", errMalformedEvent, event.Type)
		}
		if !interactionMatters(event, data) {
			return nil, nil
		}
		return []party{{false, data.Interaction.CustomerID}, {true, data.Interaction.UserID}}, nil
	case db.EventTicketCreated, db.EventTicketAssigned, db.EventTicketMoved:
		if data.Ticket == nil {
			return nil, fmt.Errorf("%w: %s without ticket", errMalformedEvent, event.Type)
		}
		if !ticketMatters(event, data.Ticket) {
			return nil, nil
		}
		return ticketParties(event, data.Ticket), nil
	}
	return nil, nil
}

// announced are the fields of an interaction that is to take place whose change its parties have to know of. Its status
// is among them because it may have been called off before.
var announced = []string{"title", "start_time", "end_time", "location", "status"}

func interactionMatters(event *store.Event, data db.EventData) bool {
	switch event.Type {
	case db.EventInteractionUpdated:
		return data.Interaction.Status == db.InteractionPlanned &&
			slices.ContainsFunc(data.Changed, func(field string) bool { return slices.Contains(announced, field) })
	case db.EventInteractionDeleted:
		return data.Interaction.Status == db.InteractionPlanned && data.Interaction.StartTime.After(event.At)
	}
	return true
}

func ticketMatters(event *store.Event, ticket *db.Ticket) bool {
	return event.Type != db.EventTicketMoved ||
		ticket.Status == db.TicketResolved || ticket.Status == db.TicketClosed
}

func ticketParties(event *store.Event, ticket *db.Ticket) []party {
	parties := []party{{false, ticket.CustomerID}, {true, ticket.InteractionUserID}}
	if ticket.AssigneeID != nil && *ticket.AssigneeID != ticket.InteractionUserID {
		parties = append(parties, party{true, *ticket.AssigneeID})
	}
	role := auth.Role(event.ActorRole)
	return slices.DeleteFunc(parties, func(p party) bool {
		return role != "" && p == party{role.IsStaff(), event.Actor}
	})
}

// planner makes the deliveries that follow from an event.
type planner struct {
	db        *db.DB
	templates *templates
	domain    string
}

// plan returns the event's deliveries. Its error is errMalformedEvent, or the store's.
func (p *planner) plan(ctx context.Context, event *store.Event) ([]*db.Delivery, error) {
	// Only these are mailed, and others needn't carry data that can be decoded.
	if _, ok := topics[event.Type]; !ok {
		return nil, nil
	}
	data, err := db.DecodeEvent(event)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformedEvent, err)
	}
	parties, err := recipients(event, data)
	if err != nil || len(parties) == 0 {
		return nil, err
	}
	about, err := p.mailContext(ctx, data)
	if err != nil {
		return nil, err
	}
	return p.address(event, data, about, parties)
}

// address writes to those of the parties who can be written to, to each address once.
func (p *planner) address(
	event *store.Event, data db.EventData, about *mailContext, parties []party,
) ([]*db.Delivery, error) {
	var deliveries []*db.Delivery
	for _, to := range parties {
		name, address, ok := about.account(to)
		if !ok {
			continue
		}
		delivery, err := p.delivery(event, data, about, name, address)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errMalformedEvent, err)
		}
		if !slices.ContainsFunc(deliveries, func(other *db.Delivery) bool { return other.ID == delivery.ID }) {
			deliveries = append(deliveries, delivery)
		}
	}
	return deliveries, nil
}

// delivery is due at once, or failed already if the address is none that mail can be sent to.
func (p *planner) delivery(
	event *store.Event, data db.EventData, about *mailContext, name, address string,
) (*db.Delivery, error) {
	address = strings.TrimSpace(strings.ToValidUTF8(address, "\uFFFD"))
	delivery := p.db.NewDelivery(event, mailChannel, mail.Shorten(address, mail.AddressLimit))
	delivery.RecipientName = mail.Line(name, mail.NameLimit)
	delivery.MessageID = delivery.ID.String() + "@" + p.domain
	if err := p.templates.write(delivery, newMessage(event, data, about)); err != nil {
		return nil, err
	}
	if err := mail.CheckAddress(address); err != nil {
		reason := err.Error()
		delivery.Status, delivery.LastError = db.DeliveryFailed, &reason
	}
	return delivery, nil
}
