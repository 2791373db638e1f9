package db

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Deactivation is what the deactivation of a user did.
type Deactivation struct {
	User          *User
	EndedSessions int
	// HandedOver is what another user got, Open what the user still has.
	HandedOver, Open OpenWork
}

// DeactivateUser ends a user's sessions, prevents further log-ins, and hands the user's open work over to another user, if one
// is given; only an admin may.
func (d *DB) DeactivateUser(ctx context.Context, scope auth.Scope, id store.ID, expected *int, handOverTo *store.ID) (*Deactivation, error) {
	if !scope.SeesAll() {
		return nil, store.Errorf(store.Forbidden, "only an admin may deactivate users")
	}
	if handOverTo != nil {
		if *handOverTo == id {
			return nil, store.FieldError(store.BadInput, "input.handOverTo", "must be another user")
		}
		if err := d.activeUser(ctx, scope, "input.handOverTo", *handOverTo); err != nil {
			return nil, err
		}
	}
	done, err := d.deactivate(ctx, scope, id, expected)
	if err != nil {
		return nil, err
	}
	if handOverTo != nil {
		if done.HandedOver, err = d.handOver(ctx, scope, id, *handOverTo); err != nil {
			return nil, err
		}
	}
	done.Open, err = d.openWork(ctx, id)
	return done, err
}

func (d *DB) deactivate(ctx context.Context, scope auth.Scope, id store.ID, expected *int) (*Deactivation, error) {
	wasAdmin := false
	user, err := d.users.Update(ctx, scope, id, expected, func(next *User) (string, error) {
		if next.DeactivatedAt != nil {
			return entity.Updated, nil
		}
		now := d.now()
		next.DeactivatedAt = &now
		if wasAdmin = next.Role == auth.Admin; wasAdmin {
			return entity.Updated, d.notLastAdmin(ctx, id)
		}
		return entity.Updated, nil
	})
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // the sessions have to end, and an admin has to be left, even if the client has disconnected
	if wasAdmin {
		if err := d.restoreIfLastAdmin(ctx, user, func(u *User) { u.DeactivatedAt = nil }); err != nil {
			return nil, err
		}
	}
	ended, err := d.EndSessions(ctx, id, store.ID{})
	return &Deactivation{User: user, EndedSessions: ended}, err
}

// ReactivateUser lets a deactivated user log in again; only an admin may.
func (d *DB) ReactivateUser(ctx context.Context, scope auth.Scope, id store.ID, expected *int) (*User, error) {
	if !scope.SeesAll() {
		return nil, store.Errorf(store.Forbidden, "only an admin may reactivate users")
	}
	return d.users.Update(ctx, scope, id, expected, func(next *User) (string, error) {
		next.DeactivatedAt = nil
		return entity.Updated, nil
	})
}

// activeAdmins matches admins who can log in: an invited one can't yet, and perhaps never will.
func activeAdmins() store.Filter {
	return store.And(
		store.Eq("role", string(auth.Admin)), store.IsNull("deactivated_at"), store.IsNull("deleting_at"),
		store.Or(store.Compare(store.OpNe, "password", ""), store.Not(store.IsNull("provider_since"))),
	)
}

// notLastAdmin returns a CONFLICT if no other user is an admin who may log in.
func (d *DB) notLastAdmin(ctx context.Context, id store.ID) error {
	others, err := d.users.CountAll(ctx, store.And(activeAdmins(), store.Compare(store.OpNe, "_id", id)))
	if err != nil {
		return err
	}
	if others == 0 {
		return errLastAdmin()
	}
	return nil
}

func errLastAdmin() error {
	return store.Errorf(store.Conflict, "this is the last admin: make somebody else an admin first")
}

// restoreIfLastAdmin undoes a change if it left no admin, which may happen when two admins demote each other at the
// same moment.
func (d *DB) restoreIfLastAdmin(ctx context.Context, user *User, restore func(*User)) error {
	left, err := d.users.CountAll(ctx, activeAdmins())
	if err != nil || left > 0 {
		return err
	}
	_, err = d.users.Update(ctx, auth.SystemScope(), user.ID, nil, func(next *User) (string, error) {
		restore(next)
		return entity.Updated, nil
	})
	if err != nil {
		return err
	}
	return errLastAdmin()
}
