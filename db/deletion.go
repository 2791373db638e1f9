package db

import (
	"context"

	"crm/auth"
	"crm/db/store"
)

// Deleted counts what went with a deleted document.
type Deleted struct {
	Interactions int
	Tickets      int
}

// DeleteCustomer deletes a customer: an admin any, a customer themself. One with interactions or tickets is a CONFLICT
// that counts them, unless cascade is set: then these are deleted first. A deletion that was cut off is finished by
// calling it again.
func (d *DB) DeleteCustomer(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, cascade bool,
) (Deleted, error) {
	customer, err := d.Customers.Get(ctx, scope, id)
	if err != nil {
		return Deleted{}, err
	}
	if !scope.SeesAll() && !scope.IsAccount(false, id) {
		return Deleted{}, store.Errorf(store.Forbidden, "only an admin may delete customers")
	}
	if err := d.Customers.expectVersion(customer, expected); err != nil {
		return Deleted{}, err
	}
	children := family{interactions: store.Eq("customer_id", id), tickets: store.Eq("customer_id", id)}
	deleted, err := d.deleteFamily(ctx, scope, "customer", children, cascade)
	if err != nil {
		return deleted, err
	}
	if _, err := d.EndSessions(ctx, id, store.ID{}); err != nil {
		return deleted, err
	}
	if err := d.Customers.remove(ctx, scope, customer, changed(EventCustomerDeleted)); err != nil {
		return deleted, err
	}
	return d.sweepFamily(ctx, scope, children, deleted)
}

// DeleteUser deletes a user; only an admin may, and not the last one. One with interactions is a CONFLICT that counts
// them, unless cascade is set: then these are deleted first, with their tickets. Tickets that are only assigned to the
// user are assigned to nobody.
func (d *DB) DeleteUser(ctx context.Context, scope auth.Scope, id store.ID, expected *int, cascade bool) (Deleted, error) {
	if !scope.SeesAll() {
		return Deleted{}, store.Errorf(store.Forbidden, "only an admin may delete users")
	}
	user, err := d.Users.Get(ctx, scope, id)
	if err != nil {
		return Deleted{}, err
	}
	if err := d.Users.expectVersion(user, expected); err != nil {
		return Deleted{}, err
	}
	if err := d.notLastAdmin(ctx, id); err != nil {
		return Deleted{}, err
	}
	children := family{interactions: store.Eq("user_id", id), tickets: store.Eq("interaction_user_id", id)}
	deleted, err := d.deleteFamily(ctx, scope, "user", children, cascade)
	if err != nil {
		return deleted, err
	}
	if user, _, err = d.DeactivateUser(ctx, scope, id, nil); err != nil {
		return deleted, err
	}
	// Before the user is gone, since a deletion that is cut off then has nobody left whom it could be called again for.
	if err := d.unassign(ctx, scope, id); err != nil {
		return deleted, err
	}
	if err := d.Users.remove(ctx, scope, user, changed(EventUserDeleted)); err != nil {
		return deleted, err
	}
	if err := d.unassign(ctx, scope, id); err != nil {
		return deleted, err
	}
	return d.sweepFamily(ctx, scope, children, deleted)
}

// DeleteInteraction deletes an interaction: an admin any, a user their own. One with tickets is a CONFLICT that counts
// them, unless cascade is set.
func (d *DB) DeleteInteraction(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, cascade bool,
) (Deleted, error) {
	interaction, err := d.Interactions.Get(ctx, scope, id)
	if err != nil {
		return Deleted{}, err
	}
	if err := interaction.Permit(scope, DeleteInteraction); err != nil {
		return Deleted{}, err
	}
	if err := d.Interactions.expectVersion(interaction, expected); err != nil {
		return Deleted{}, err
	}
	children := family{interactions: store.None(), tickets: store.Eq("interaction_id", id)}
	deleted, err := d.deleteFamily(ctx, scope, "interaction", children, cascade)
	if err != nil {
		return deleted, err
	}
	if err := d.removeInteraction(ctx, scope, interaction); err != nil {
		return deleted, err
	}
	return d.sweepFamily(ctx, scope, children, deleted)
}

// DeleteTicket deletes a ticket: an admin any, a customer their own while it is open.
func (d *DB) DeleteTicket(ctx context.Context, scope auth.Scope, id store.ID, expected *int) error {
	ticket, err := d.Tickets.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if err := ticket.Permit(scope, DeleteTicket); err != nil {
		return err
	}
	if err := d.Tickets.expectVersion(ticket, expected); err != nil {
		return err
	}
	return d.removeTicket(ctx, scope, ticket)
}

// family are the documents that hang on one that is to be deleted.
type family struct {
	interactions, tickets store.Filter
}

// deleteFamily deletes the family, children first, or is a CONFLICT if it mustn't.
func (d *DB) deleteFamily(
	ctx context.Context, scope auth.Scope, noun string, f family, cascade bool,
) (deleted Deleted, err error) {
	if cascade {
		return d.sweepFamily(ctx, scope, f, Deleted{})
	}
	tickets, err := d.Tickets.count(ctx, f.tickets)
	if err != nil {
		return Deleted{}, err
	}
	interactions, err := d.Interactions.count(ctx, f.interactions)
	if err != nil {
		return Deleted{}, err
	}
	if tickets == 0 && interactions == 0 {
		return Deleted{}, nil
	}
	return Deleted{}, store.Errorf(store.Conflict,
		"the %s has %d interactions and %d tickets; with cascade: true they are deleted, too", noun, interactions, tickets)
}

// sweepFamily deletes what there is of a family. It runs once more after its head is gone, for what came in between.
func (d *DB) sweepFamily(ctx context.Context, scope auth.Scope, f family, deleted Deleted) (Deleted, error) {
	tickets, err := d.Tickets.all(ctx, f.tickets, func(t *Ticket) error { return d.removeTicket(ctx, scope, t) })
	deleted.Tickets += tickets
	if err != nil {
		return deleted, err
	}
	interactions, err := d.Interactions.all(ctx, f.interactions, func(i *Interaction) error {
		return d.removeInteraction(ctx, scope, i)
	})
	deleted.Interactions += interactions
	return deleted, err
}

func (d *DB) removeInteraction(ctx context.Context, scope auth.Scope, i *Interaction) error {
	return d.Interactions.remove(ctx, scope, i, change{event: EventInteractionDeleted, data: EventData{Interaction: i}})
}

func (d *DB) removeTicket(ctx context.Context, scope auth.Scope, t *Ticket) error {
	return d.Tickets.remove(ctx, scope, t, change{event: EventTicketDeleted, data: EventData{Ticket: t}})
}

// unassign takes a user's tickets from them; nobody is told, since nobody has to do anything about it. It runs once more
// after the user is gone, for what came in between.
func (d *DB) unassign(ctx context.Context, scope auth.Scope, user store.ID) error {
	_, err := d.Tickets.all(ctx, store.Eq("assignee_id", user), func(t *Ticket) error {
		_, err := d.Tickets.update(ctx, scope, t.ID, nil, func(next *Ticket) (change, error) {
			return assigned(next, EventTicketUpdated, nil), nil
		})
		return err
	})
	return err
}
