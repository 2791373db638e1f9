package db

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// AuthorRole says who wrote something on a ticket.
type AuthorRole string

// The roles: one of the staff, the ticket's customer, and somebody else who wrote by mail.
const (
	AuthorStaff    AuthorRole = "staff"
	AuthorCustomer AuthorRole = "customer"
	AuthorExternal AuthorRole = "external"
)

// Author is who wrote something on a ticket.
type Author struct {
	// Name is empty if there is none, or if the account has been deleted.
	Name string
	Role AuthorRole
	// Deactivated says that the author may not log in any more.
	Deactivated bool
}

// MailedText is what somebody wrote on a ticket.
type MailedText struct {
	Author    Author
	WrittenAt time.Time
	Text      string
}

// MailedConversation is what a message by mail tells of the conversation on a ticket.
type MailedConversation struct {
	// Author is who wrote the message that the mail tells of; it has no role if the mail tells of something else.
	Author Author
	// To is the customer to whom a message of the staff is, Cc are the addresses that get a copy; empty if nobody gets any.
	To Recipient
	Cc []string
	// Earlier is what was written to the customer or by the customer before that, the last first.
	Earlier []MailedText
}

// MailedConversation returns what is known now of the conversation that a delivery is part of, with up to limit earlier texts. These
// are public ones, even for the staff, who may answer by mail and thereby pass on what is quoted; and none if the recipient doesn't
// see the ticket any more.
func (d *DB) MailedConversation(ctx context.Context, delivery *Delivery, limit int) (MailedConversation, error) {
	message, found, err := d.messageOf(ctx, delivery)
	if err != nil || !found {
		return MailedConversation{}, err
	}
	earlier, err := d.earlierTexts(ctx, delivery.Account, message, limit)
	if err != nil {
		return MailedConversation{}, err
	}
	customer := auth.AccountKey(auth.Customer, message.CustomerID)
	accounts := map[auth.AudienceKey]bool{message.authorKey(): true, customer: true}
	for _, e := range earlier {
		accounts[e.authorKey()] = true
	}
	var keys []auth.AudienceKey
	for account := range accounts {
		keys = append(keys, account)
	}
	known, err := d.Recipients(ctx, keys)
	if err != nil {
		return MailedConversation{}, err
	}
	told := MailedConversation{Author: message.authorAmong(known)}
	if cc := message.Copies(); delivery.Account == customer && len(cc) > 0 {
		told.To, told.Cc = known[customer], cc
	}
	for _, e := range earlier {
		told.Earlier = append(told.Earlier, MailedText{e.authorAmong(known), e.CreatedAt, e.BodyText})
	}
	return told, nil
}

// messageOf returns the message on a ticket that a delivery tells of; it isn't found if there is none, or not any more.
func (d *DB) messageOf(ctx context.Context, delivery *Delivery) (message *TicketMessage, found bool, err error) {
	if delivery.EventType != EventTicketMessageCreated {
		return nil, false, nil
	}
	event, err := d.EventByID(ctx, delivery.EventID)
	if err != nil {
		return nil, false, ignoreNotFound(err)
	}
	message, err = d.TicketMessages.Get(ctx, auth.SystemScope(), event.Entity)
	if err != nil {
		return nil, false, ignoreNotFound(err)
	}
	return message, true, nil
}

// earlierTexts returns the public messages before another one that an account sees now, the last first, and the customer's request
// behind them. What programs wrote is left out.
func (d *DB) earlierTexts(ctx context.Context, reader auth.AudienceKey, message *TicketMessage, limit int) ([]*TicketMessage, error) {
	none := []*TicketMessage{}
	scope, found, err := d.readerScope(ctx, reader)
	if err != nil {
		return nil, err
	}
	if !found {
		return none, nil
	}
	ticket, err := d.Tickets.Get(ctx, scope, message.TicketID)
	switch {
	case store.CodeOf(err) == store.NotFound:
		return none, nil
	case err != nil:
		return nil, err
	}
	earlier, err := d.ticketMessages.Find(ctx, store.Query{
		Where: store.And(
			store.Eq("ticket_id", ticket.ID), store.Eq("visibility", string(MessagePublic)), store.Or(store.IsNull("automatic"), store.Eq("automatic", false)),
			store.Compare(store.OpLt, "created_at", message.CreatedAt),
		),
		Sort: []store.Sort{{Field: "created_at", Desc: true}, {Field: "_id", Desc: true}}, Limit: limit,
	})
	if err != nil || len(earlier) == limit || ticket.Description == "" || !ticket.CreatedAt.Before(message.CreatedAt) {
		return earlier, err
	}
	events, err := d.Log.Find(ctx, store.Eq("entity_id", ticket.ID), 0, 0, 0)
	if err != nil {
		return nil, err
	}
	if writtenByCustomer(events, "description") {
		earlier = append(earlier, &TicketMessage{CustomerID: ticket.CustomerID, BodyText: ticket.Description, CreatedAt: ticket.CreatedAt})
	}
	return earlier, nil
}

// readerScope returns what an account may see; it isn't found if the account is deleted, or if a delivery names none.
func (d *DB) readerScope(ctx context.Context, account auth.AudienceKey) (scope auth.Scope, found bool, err error) {
	if account == "" {
		return auth.Scope{}, false, nil
	}
	holder, err := d.accountOf(ctx, account)
	if err != nil {
		return auth.Scope{}, false, ignoreNotFound(err)
	}
	return holder.scope(), true, nil
}

// authorKey returns the account of who wrote the message, or of the customer in whose conversation somebody without an account did.
func (m *TicketMessage) authorKey() auth.AudienceKey {
	if m.AuthorID != nil {
		return auth.AccountKey(auth.User, *m.AuthorID)
	}
	return auth.AccountKey(auth.Customer, m.CustomerID)
}

// authorAmong returns who wrote the message, given the accounts that exist.
func (m *TicketMessage) authorAmong(known map[auth.AudienceKey]Recipient) Author {
	if external := m.External(); external != nil {
		name := external.Name
		if name == entity.ErasedText {
			name = ""
		}
		return Author{Name: name, Role: m.AuthorKind()}
	}
	account := known[m.authorKey()]
	by := Author{Name: account.Name, Role: m.AuthorKind(), Deactivated: account.Deactivated}
	if account.Deleted {
		by.Name = ""
	}
	return by
}
