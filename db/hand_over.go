package db

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// OpenWork counts what a user has to do: planned interactions, and tickets that aren't closed and are assigned to the user or
// on the user's interactions.
type OpenWork struct{ Interactions, Tickets int }

// notClosed matches tickets that somebody may still work on.
func notClosed() store.Filter { return store.Compare(store.OpNe, "status", string(TicketClosed)) }

func (d *DB) openWork(ctx context.Context, user store.ID) (work OpenWork, err error) {
	work.Interactions, err = d.interactions.CountAll(ctx, store.And(store.Eq("user_id", user), store.Eq("status", string(InteractionPlanned))))
	if err != nil {
		return work, err
	}
	work.Tickets, err = d.tickets.CountAll(ctx, store.And(
		store.Or(store.Eq("interaction_user_id", user), store.Eq("assignee_id", user)), notClosed(),
	))
	return work, err
}

// HandOver hands all open work of one user over to another, who must be active: planned interactions, those with tickets that
// aren't closed, and the tickets that are assigned to the user. Users may hand over their own work, an admin anybody's. It may
// be interrupted and called again. It returns how much was handed over.
func (d *DB) HandOver(ctx context.Context, scope auth.Scope, from, to store.ID) (done OpenWork, err error) {
	if !scope.SeesAll() && !scope.IsAccount(true, from) {
		return done, store.FieldError(store.Forbidden, "input.from", "only an admin may hand over the work of others")
	}
	if from == to {
		return done, store.FieldError(store.BadInput, "input.to", "must be another user")
	}
	if _, err := d.Users.Get(ctx, scope, from); err != nil {
		return done, atField("input.from", err)
	}
	if err := d.activeUser(ctx, scope, "input.to", to); err != nil {
		return done, err
	}
	return d.handOver(ctx, scope, from, to)
}

func (d *DB) handOver(ctx context.Context, scope auth.Scope, from, to store.ID) (done OpenWork, err error) {
	open := store.Or(
		store.Eq("status", string(InteractionPlanned)),
		store.InQuery("_id", Tickets.Collection, "interaction_id", store.And(store.Eq("interaction_user_id", from), notClosed())),
	)
	// The tickets follow their interactions.
	done.Interactions, err = d.interactions.AssignAll(ctx, scope, entity.Updated,
		store.And(store.Eq("user_id", from), open), []store.Assignment{{Field: "user_id", Value: to}})
	if err != nil {
		return done, err
	}
	done.Tickets, err = d.tickets.AssignAll(ctx, scope, verbAssigned,
		store.And(store.Eq("assignee_id", from), notClosed()), []store.Assignment{{Field: "assignee_id", Value: to}})
	return done, err
}

// refuseToDeleteOthersWork returns a CONFLICT if others work on tickets that would be deleted with a user.
func (d *DB) refuseToDeleteOthersWork(ctx context.Context, user store.ID) error {
	n, err := d.tickets.CountAll(ctx, store.And(
		store.Eq("interaction_user_id", user), store.Not(store.IsNull("assignee_id")), store.Compare(store.OpNe, "assignee_id", user),
		notClosed(),
	))
	if err != nil || n == 0 {
		return err
	}
	if n == 1 {
		return store.Errorf(store.Conflict, "others work on a ticket on the user's interactions: hand it over first, with handOver")
	}
	return store.Errorf(store.Conflict, "others work on %d tickets on the user's interactions: hand them over first, with handOver", n)
}
