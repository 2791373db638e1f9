package db

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"crm/auth"
	"crm/db/address"
	"crm/db/store"
)

// maxCopies is how many addresses get a copy of a message, and maxOthers how many of those are kept that somebody's mail was sent to.
const (
	maxCopies = 10
	maxOthers = 50
)

// Cc returns the addresses besides the customer's and the server's that the message was sent to, as far as the scope sees them: customers
// see to whom they wrote, and whom the staff named in a reply, but not to whom anybody else sent a mail.
func (m *TicketMessage) Cc(scope auth.Scope) []string {
	if !scope.IsStaff() && (m.External() != nil || !m.ByCustomer()) {
		return append([]string{}, m.Copies()...)
	}
	return strings.Fields(m.CopiedTo)
}

// Copies returns the addresses that the server mails a copy of the message to: those that the staff named when they wrote it. A mail that
// came has already been sent to those in its header, whom only its sender has chosen.
func (m *TicketMessage) Copies() []string {
	if m.Channel != ChannelAPI {
		return nil
	}
	return strings.Fields(m.CopiedTo)
}

// Cc returns the addresses besides the server's that the mail which raised the ticket was sent to.
func (t *Ticket) Cc() []string { return strings.Fields(t.CopiedTo) }

// othersAmong returns the valid addresses among others, each once, without the sender's.
func othersAmong(texts []string, sender string) []string {
	var found []string
	for _, text := range texts {
		parsed, err := address.Parse(text)
		if err != nil || SameAddress(text, sender) || len(found) == maxOthers {
			continue
		}
		if email := address.Canonical(parsed.String()); !hasAddress(found, email) {
			found = append(found, email)
		}
	}
	return found
}

// copies validates the addresses that get a copy of a message, and returns each once.
func (p *Problems) copies(path string, texts []string) []string {
	if len(texts) > maxCopies {
		p.Add(path, "must have at most %d addresses, not %d", maxCopies, len(texts))
		return nil
	}
	var found []string
	for i, text := range texts {
		parsed, err := address.Parse(cleanLine(text))
		if err != nil {
			p.Add(fmt.Sprintf("%s.%d", path, i), "%s", err.Error())
			continue
		}
		email := address.Canonical(parsed.String())
		if !hasAddress(found, email) {
			found = append(found, email)
		}
	}
	return found
}

// hasAddress reports whether an address is among others.
func hasAddress(addresses []string, email string) bool {
	return slices.ContainsFunc(addresses, func(other string) bool { return SameAddress(other, email) })
}

// copyTo has a reply on a ticket copied to these addresses, without the customer's own, which gets the reply itself. Only staff may do
// that, because whoever gets a copy learns the customer's address. Where the reply isn't mailed, no copy would ever be sent.
func (d *DB) copyTo(ctx context.Context, scope auth.Scope, ticket *Ticket, message *TicketMessage, addresses []string) error {
	if len(addresses) == 0 {
		return nil
	}
	if !scope.IsStaff() {
		return store.FieldError(store.Forbidden, "input.cc", "only staff may send copies")
	}
	if ticket.InteractionInternal {
		return store.FieldError(store.BadInput, "input.cc", "must be empty: the ticket is hidden from its customer, so that the reply is not mailed")
	}
	customers, err := d.Customers.ByID(ctx, auth.SystemScope(), []store.ID{ticket.CustomerID})
	if err != nil {
		return err
	}
	customer := customers[ticket.CustomerID]
	if customer == nil {
		return store.FieldError(store.BadInput, "input.cc", "must be empty: the ticket's customer was deleted, so that the reply is not mailed")
	}
	var others []string
	for _, email := range addresses {
		if !SameAddress(customer.Email, email) {
			others = append(others, email)
		}
	}
	message.CopiedTo = strings.Join(others, " ")
	return nil
}

// eraseCopiesOn erases to whom the messages on a customer's tickets were copied.
func (d *DB) eraseCopiesOn(ctx context.Context, customer store.ID) error {
	copied := store.And(
		store.Eq("customer_id", customer), store.Not(store.IsNull("copied_to")), store.Compare(store.OpNe, "copied_to", ""),
	)
	_, err := d.ticketMessages.Each(ctx, copied, func(message *TicketMessage) error {
		message.CopiedTo = ""
		return ignoreNotFound(d.ticketMessages.Assign(ctx, message.ID, store.Filter{}, TicketMessages.Assignments(message, "copied_to")))
	})
	return err
}

// NewCopy returns a delivery to an address that gets a copy of what an account is sent.
func (d *DB) NewCopy(event *store.Event, channel string, account auth.AudienceKey, email string) *Delivery {
	delivery := d.NewDelivery(event, channel, account)
	delivery.CopyTo = AddressKey(email)
	delivery.ID = store.DerivedID("copy", event.ID.String(), channel, string(account), delivery.CopyTo)
	return delivery
}

// gotCopies reports whether copies of messages on a ticket are mailed to an address.
func (d *DB) gotCopies(ctx context.Context, ticket store.ID, email string) (bool, error) {
	n, err := d.deliveries.CountAll(ctx, store.And(store.Eq("entity_id", ticket), store.Eq("copy_to", AddressKey(email))))
	return n > 0, err
}
