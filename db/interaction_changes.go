package db

import (
	"cmp"
	"context"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// NewInteraction is the data of an interaction to create.
type NewInteraction struct {
	// CustomerID and UserID are global ids; UserID defaults to the caller.
	CustomerID  string
	UserID      *string
	Kind        InteractionKind
	Title       string
	Description string
	// StartTime has the offset that the client wrote: it decides on what day an interaction of whole days starts.
	StartTime time.Time
	End       *End
	AllDay    bool
	Location  *string
	// Status defaults to InteractionPlanned.
	Status   InteractionStatus
	Internal bool
}

// InteractionChanges are changes to an interaction; nil leaves a field unchanged, a pointer to nil clears it.
type InteractionChanges struct {
	Kind        *InteractionKind
	Title       *string
	Description *string
	StartTime   *time.Time
	// End, if nil, moves with the start.
	End      *End
	AllDay   *bool
	Location **string
	Status   *InteractionStatus
	Internal *bool
	// UserID is the user to hand it over to.
	UserID *store.ID
}

// CreateInteraction plans an interaction with a customer, or records one that took place: a user may do so for themself, an
// admin for any user.
func (d *DB) CreateInteraction(ctx context.Context, scope auth.Scope, in NewInteraction) (*Interaction, error) {
	var problems Problems
	now := d.now()
	interaction := &Interaction{
		ID: store.NewID(), UserID: scope.Account, CustomerID: problems.ID("customerId", KindCustomer, in.CustomerID), Kind: in.Kind,
		Title: problems.line("title", in.Title), Description: problems.text("description", in.Description),
		Location: problems.optionalLine("location", in.Location), Status: cmp.Or(in.Status, InteractionPlanned), AllDay: in.AllDay,
		Internal: in.Internal, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if in.UserID != nil {
		interaction.UserID = problems.ID("userId", KindUser, *in.UserID)
	}
	problems.schedule(interaction, in.StartTime, in.End)
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	if err := d.checkParticipants(ctx, scope, interaction); err != nil {
		return nil, err
	}
	if err := d.interactions.Create(ctx, scope, interaction); err != nil {
		return nil, err
	}
	return interaction, nil
}

// checkParticipants checks that the interaction may be assigned to the user and that the customer exists.
func (d *DB) checkParticipants(ctx context.Context, scope auth.Scope, i *Interaction) error {
	if !scope.IsStaff() {
		return store.Errorf(store.Forbidden, "only staff may create interactions")
	}
	if !scope.IsAccount(true, i.UserID) {
		if !scope.SeesAll() {
			return store.FieldError(store.Forbidden, "input.userId", "only an admin may create interactions for others")
		}
		if err := d.activeUser(ctx, scope, "input.userId", i.UserID); err != nil {
			return err
		}
	}
	_, err := d.Customers.Get(ctx, scope, i.CustomerID)
	return atField("input.customerId", err)
}

// activeUser checks that a user exists and may log in.
func (d *DB) activeUser(ctx context.Context, scope auth.Scope, path string, id store.ID) error {
	n, err := d.users.CountAll(ctx, store.And(store.Eq("_id", id), store.IsNull("deactivated_at"), store.IsNull("deleting_at")))
	switch {
	case err != nil:
		return err
	case n > 0:
		return nil
	}
	if _, err := d.Users.Get(ctx, scope, id); err != nil {
		return atField(path, err)
	}
	return store.FieldError(store.BadInput, path, "is a deactivated user")
}

// atField adds to a NOT_FOUND error the input field with the id.
func atField(path string, err error) error {
	if store.CodeOf(err) == store.NotFound {
		return store.FieldError(store.NotFound, path, "there is nothing with this id")
	}
	return err
}

// UpdateInteraction changes an interaction: an admin may change any, a user only their own.
func (d *DB) UpdateInteraction(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, changes InteractionChanges,
) (*Interaction, error) {
	return d.interactions.Update(ctx, scope, id, expected, func(next *Interaction) (string, error) {
		if err := next.Permit(scope, UpdateInteraction); err != nil {
			return "", err
		}
		before := next.Status
		var problems Problems
		if before == InteractionDone && changes.Status != nil && *changes.Status == InteractionCancelled {
			problems.Add("status", "must not be CANCELLED: the interaction took place")
		}
		changes.apply(next, &problems)
		if err := d.handTo(ctx, scope, next, changes.UserID); err != nil {
			return "", err
		}
		if next.Status == InteractionCancelled && before != InteractionCancelled {
			return verbCancelled, problems.inInput()
		}
		return entity.Updated, problems.inInput()
	})
}

// handTo hands an interaction over to an active user.
func (d *DB) handTo(ctx context.Context, scope auth.Scope, next *Interaction, to *store.ID) error {
	if to == nil || *to == next.UserID {
		return nil
	}
	next.UserID = *to
	return d.activeUser(ctx, scope, "input.userId", *to)
}

// CancelInteraction cancels a planned interaction: an admin may cancel any, a user only their own. Cancelling it again
// changes nothing.
func (d *DB) CancelInteraction(ctx context.Context, scope auth.Scope, id store.ID, expected *int) (*Interaction, error) {
	return d.interactions.Update(ctx, scope, id, expected, func(next *Interaction) (string, error) {
		if err := next.Permit(scope, CancelInteraction); err != nil {
			return "", err
		}
		if next.Status == InteractionDone {
			return "", store.FieldError(store.BadInput, "input.id", "is an interaction that took place and can't be cancelled")
		}
		next.Status = InteractionCancelled
		return verbCancelled, nil
	})
}

func (c InteractionChanges) apply(next *Interaction, problems *Problems) {
	if c.Kind != nil {
		next.Kind = *c.Kind
	}
	if c.Title != nil {
		next.Title = problems.line("title", *c.Title)
	}
	if c.Description != nil {
		next.Description = problems.text("description", *c.Description)
	}
	if c.Location != nil {
		next.Location = problems.optionalLine("location", *c.Location)
	}
	if c.Status != nil {
		next.Status = *c.Status
	}
	if c.Internal != nil {
		next.Internal = *c.Internal
	}
	problems.reschedule(next, c)
}

// DeleteInteraction deletes an interaction: an admin may delete any, a user only their own, and only without tickets, which users may
// not delete. If it has tickets, the deletion is a CONFLICT that counts them, unless cascade is set.
func (d *DB) DeleteInteraction(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, cascade bool,
) (entity.Removed, error) {
	interaction, err := d.Interactions.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if err := interaction.Permit(scope, DeleteInteraction); err != nil {
		return nil, err
	}
	if err := d.interactions.ExpectVersion(interaction, expected); err != nil {
		return nil, err
	}
	refuse := func(ctx context.Context) error { return d.refuseToDeleteTickets(ctx, scope, interaction.ID, cascade) }
	if err := refuse(ctx); err != nil {
		return nil, err
	}
	return d.interactions.Delete(ctx, scope, interaction, cascade, refuse) // again, for tickets that have been raised meanwhile
}

// refuseToDeleteTickets returns an error if an interaction has tickets and the scope may not delete these. Else a user could delete by
// cascade what deleteTicket refuses, even while others work on it.
func (d *DB) refuseToDeleteTickets(ctx context.Context, scope auth.Scope, interaction store.ID, cascade bool) error {
	if scope.SeesAll() {
		return nil
	}
	n, err := d.tickets.CountAll(ctx, store.Eq("interaction_id", interaction))
	if err != nil || n == 0 {
		return err
	}
	const refusal = "only an admin may delete tickets, and the interaction has %d"
	if cascade {
		return store.FieldError(store.Forbidden, "input.cascade", refusal, n)
	}
	return store.Errorf(store.Conflict, refusal, n)
}
