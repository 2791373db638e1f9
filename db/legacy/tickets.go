package legacy

import (
	"context"
	"fmt"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// batch is how many tickets are read at a time.
const batch = 200

// copyOwners gives each ticket that lacks them the fields that it copies from its interaction.
func copyOwners(ctx context.Context, s store.Store, where store.Filter) error {
	owners := make(map[store.ID]*db.Interaction)
	lacks := store.And(where, store.IsNull("interaction_user_id"), store.Not(store.IsNull("interaction_id")))
	for {
		found, err := entity.Find[db.Ticket](ctx, s, db.Tickets.Collection, store.Query{Where: lacks, Limit: batch})
		if err != nil {
			return err
		}
		for _, ticket := range found {
			owner, err := ownerOf(ctx, s, owners, *ticket.InteractionID)
			if err != nil {
				return err
			}
			err = s.Update(ctx, db.Tickets.Collection, ticket.ID, store.And(lacks, entity.AtVersion(ticket.Version)), []store.Assignment{
				{Field: "interaction_user_id", Value: owner.UserID}, {Field: "interaction_internal", Value: owner.Internal},
			})
			if err != nil && store.CodeOf(err) != store.NotFound {
				return fmt.Errorf("cannot fill in %s %s: %w", db.Tickets.Noun, ticket.ID, err)
			}
		}
		if len(found) < batch {
			return nil
		}
	}
}

// ownerOf returns the interaction with that id; it is empty if there is none.
func ownerOf(
	ctx context.Context, s store.Store, owners map[store.ID]*db.Interaction, id store.ID,
) (*db.Interaction, error) {
	if owner := owners[id]; owner != nil {
		return owner, nil
	}
	owner, err := entity.First[db.Interaction](ctx, s, db.Interactions.Collection, store.Query{Where: store.Eq("_id", id)})
	if store.CodeOf(err) == store.NotFound {
		owner, err = new(db.Interaction), nil
	}
	if err == nil {
		owners[id] = owner
	}
	return owner, err
}
