package notify

import (
	"context"
	"maps"
	"slices"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// mailContext holds the current documents that a batch of events refers to; any of them may be missing.
type mailContext struct {
	users     map[store.ID]*db.User
	customers map[store.ID]*db.Customer
	// interactions are the interactions of the tickets.
	interactions map[store.ID]*db.Interaction
}

// mailContext looks up the documents that the drafts refer to, with one call to the store for each entity.
func (c *composer) mailContext(ctx context.Context, drafts []*draft) (*mailContext, error) {
	users, customers, interactions := map[store.ID]bool{}, map[store.ID]bool{}, map[store.ID]bool{}
	for _, d := range drafts {
		if len(d.parties) == 0 {
			continue
		}
		if i := d.data.Interaction; i != nil {
			users[i.UserID], customers[i.CustomerID] = true, true
		}
		if t := d.data.Ticket; t != nil {
			users[t.InteractionUserID], customers[t.CustomerID], interactions[t.InteractionID] = true, true, true
			if t.AssigneeID != nil {
				users[*t.AssigneeID] = true
			}
		}
	}
	found := new(mailContext)
	var err error
	if found.users, err = lookUp(ctx, c.db.Users.ByID, users); err != nil {
		return nil, err
	}
	if found.customers, err = lookUp(ctx, c.db.Customers.ByID, customers); err != nil {
		return nil, err
	}
	found.interactions, err = lookUp(ctx, c.db.Interactions.ByID, interactions)
	return found, err
}

// lookUp reads the documents with these ids that exist.
func lookUp[T any](
	ctx context.Context, byID func(context.Context, auth.Scope, []store.ID) (map[store.ID]*T, error), ids map[store.ID]bool,
) (map[store.ID]*T, error) {
	if len(ids) == 0 {
		return map[store.ID]*T{}, nil
	}
	return byID(ctx, auth.SystemScope(), slices.Collect(maps.Keys(ids)))
}

// account returns name and address of a party; ok is false if the account is deleted or deactivated.
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

// UserName returns the name of a user, "" for nil or a deleted user. The templates call it.
func (c *mailContext) UserName(id *store.ID) string {
	if id == nil || c.users[*id] == nil {
		return ""
	}
	return mail.Line(c.users[*id].Name, mail.NameLimit)
}

// CustomerName returns the name of a customer, "" for a deleted one. The templates call it.
func (c *mailContext) CustomerName(id store.ID) string {
	if customer := c.customers[id]; customer != nil {
		return mail.Line(customer.Name, mail.NameLimit)
	}
	return ""
}

// InteractionTitle returns the title of a ticket's interaction, "" if it is deleted. The templates call it.
func (c *mailContext) InteractionTitle(id store.ID) string {
	if interaction := c.interactions[id]; interaction != nil {
		return mail.Line(interaction.Title, titleLimit)
	}
	return ""
}
