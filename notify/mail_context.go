package notify

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// mailContext holds the accounts that an event's entity refers to, as they are now; any of them may be gone.
type mailContext struct {
	users     map[store.ID]*db.User
	customers map[store.ID]*db.Customer
	// interaction is the event's own, or the one that its ticket belongs to.
	interaction *db.Interaction
}

// mailContext looks up what an event's entity refers to.
func (p *planner) mailContext(ctx context.Context, data db.EventData) (*mailContext, error) {
	about := &mailContext{interaction: data.Interaction}
	var users, customers []store.ID
	if data.Interaction != nil {
		users, customers = []store.ID{data.Interaction.UserID}, []store.ID{data.Interaction.CustomerID}
	}
	if ticket := data.Ticket; ticket != nil {
		users, customers = []store.ID{ticket.InteractionUserID}, []store.ID{ticket.CustomerID}
		if ticket.AssigneeID != nil && *ticket.AssigneeID != ticket.InteractionUserID {
			users = append(users, *ticket.AssigneeID)
		}
		found, err := p.db.Interactions.ByID(ctx, auth.SystemScope(), []store.ID{ticket.InteractionID})
		if err != nil {
			return nil, err
		}
		about.interaction = found[ticket.InteractionID]
	}
	var err error
	if about.users, err = p.db.Users.ByID(ctx, auth.SystemScope(), users); err != nil {
		return nil, err
	}
	about.customers, err = p.db.Customers.ByID(ctx, auth.SystemScope(), customers)
	return about, err
}

// account returns name and address of a party; ok is false for one who is gone or deactivated.
func (c *mailContext) account(p party) (name, address string, ok bool) {
	if p.staff {
		user := c.users[p.id]
		if user == nil || user.DeactivatedAt != nil {
			return "", "", false
		}
		return user.Name, user.Email, true
	}
	customer := c.customers[p.id]
	if customer == nil {
		return "", "", false
	}
	return customer.Name, customer.Email, true
}

// userName returns the name of a user, "" for one who is gone.
func (c *mailContext) userName(id store.ID) string {
	if user := c.users[id]; user != nil {
		return mail.Line(user.Name, mail.NameLimit)
	}
	return ""
}

// customerName returns the name of a customer, "" for one who is gone.
func (c *mailContext) customerName(id store.ID) string {
	if customer := c.customers[id]; customer != nil {
		return mail.Line(customer.Name, mail.NameLimit)
	}
	return ""
}
