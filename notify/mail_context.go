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
	accounts map[auth.Key]db.Recipient
	// interactions are those that the events' entities belong to.
	interactions map[store.ID]*db.Interaction
}

// mailContext looks up what the drafts refer to, with one call of the store for each kind of entity.
func (c *composer) mailContext(ctx context.Context, drafts []*draft) (*mailContext, error) {
	accounts, interactions := map[auth.Key]bool{}, map[store.ID]bool{}
	for _, d := range drafts {
		if len(d.recipients) == 0 {
			continue
		}
		for _, party := range d.data.Concerned {
			accounts[party.Account] = true
		}
		for _, id := range d.data.OwnerIDs(db.Interactions) {
			interactions[id] = true
		}
	}
	found := new(mailContext)
	var err error
	if found.accounts, err = c.db.Recipients(ctx, slices.Collect(maps.Keys(accounts))); err != nil {
		return nil, err
	}
	if len(interactions) > 0 {
		found.interactions, err = c.db.Interactions.ByID(ctx, auth.SystemScope(), slices.Collect(maps.Keys(interactions)))
	}
	return found, err
}

// recipient returns an account that is to be told of an event; ok is false for one that is gone, deactivated, or deleted,
// unless the event says that something was deleted with it.
func (c *mailContext) recipient(event *store.Event, account auth.Key) (to db.Recipient, ok bool) {
	to, ok = c.accounts[account]
	return to, ok && !to.Deactivated && (!to.Deleted || db.IsDeletion(event.Type))
}

// UserName returns the name of a user, "" for nil and for one who is gone. The templates call it.
func (c *mailContext) UserName(id *store.ID) string {
	if id == nil {
		return ""
	}
	return mail.Line(c.accounts[auth.AccountKey(auth.User, *id)].Name, mail.NameLimit)
}

// CustomerName returns the name of a customer, "" for one who is gone. The templates call it.
func (c *mailContext) CustomerName(id store.ID) string {
	return mail.Line(c.accounts[auth.AccountKey(auth.Customer, id)].Name, mail.NameLimit)
}

// InteractionTitle returns the title of the interaction that a ticket belongs to, "" if it is gone. The templates call
// it.
func (c *mailContext) InteractionTitle(id store.ID) string {
	if interaction := c.interactions[id]; interaction != nil {
		return mail.Line(interaction.Title, titleLimit)
	}
	return ""
}
