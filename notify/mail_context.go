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

// mailContext holds what a batch of events refers to, as it is now; any of it may be gone.
type mailContext struct {
	users     map[store.ID]*db.User
	customers map[store.ID]*db.Customer
	// interactions are those that the tickets belong to.
	interactions map[store.ID]*db.Interaction
}

// mailContext looks up what the drafts refer to, with one call of the store for each kind of entity.
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

// lookUp reads those of the documents that exist.
func lookUp[T any](
	ctx context.Context, byID func(context.Context, auth.Scope, []store.ID) (map[store.ID]*T, error), ids map[store.ID]bool,
) (map[store.ID]*T, error) {
	if len(ids) == 0 {
		return map[store.ID]*T{}, nil
	}
	return byID(ctx, auth.SystemScope(), slices.Collect(maps.Keys(ids)))
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

// UserName returns the name of a user, "" for nil and for one who is gone. The templates call it.
func (c *mailContext) UserName(id *store.ID) string {
	if id == nil || c.users[*id] == nil {
		return ""
	}
	return mail.Line(c.users[*id].Name, mail.NameLimit)
}

// CustomerName returns the name of a customer, "" for one who is gone. The templates call it.
func (c *mailContext) CustomerName(id store.ID) string {
	if customer := c.customers[id]; customer != nil {
		return mail.Line(customer.Name, mail.NameLimit)
	}
	return ""
}

// InteractionTitle returns the title of the interaction that a ticket belongs to, "" if it is gone. The templates call
// it.
func (c *mailContext) InteractionTitle(id store.ID) string {
	if interaction := c.interactions[id]; interaction != nil {
		return mail.Line(interaction.Title, titleLimit)
	}
	return ""
}
