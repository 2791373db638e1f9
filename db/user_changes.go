package db

import (
	"context"
	"fmt"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// NewUser is the data of a user to create.
type NewUser struct {
	Name     string
	Email    string
	Password string
	// Role is ADMIN or USER; SignUpUser ignores it.
	Role     auth.Role
	TimeZone *string
	// Verified says that the address is known to be the user's.
	Verified bool
}

// UserChanges are changes to a user; nil leaves a field unchanged, a pointer to nil clears it.
type UserChanges struct {
	Name  *string
	Email *string
	Role  *auth.Role
	// NotifySelf says whether the user is mailed about interactions that they change themself.
	NotifySelf *bool
	TimeZone   **string
}

// firstAdmin is the id of the first account in an empty system. It is constant, so it can be inserted only once,
// however many clients sign up at that moment.
var firstAdmin = store.DerivedID("first admin")

// HasUsers reports whether there is a staff account.
func (d *DB) HasUsers(ctx context.Context) (bool, error) {
	found, err := d.users.Find(ctx, store.Query{Limit: 1})
	return len(found) > 0, err
}

// SignUpUser creates a staff account for anybody. The first account becomes ADMIN, and takes a right to set the server up; later ones
// are FORBIDDEN or, if Options.AllowStaffSignup is set, become USER.
func (d *DB) SignUpUser(ctx context.Context, change NewUser, setup Setup) (*User, error) {
	exists, err := d.HasUsers(ctx)
	if err != nil {
		return nil, err
	}
	change.Role = auth.User
	id := store.NewID()
	switch {
	case !exists && !d.maySetUp(setup):
		return nil, store.FieldError(store.Forbidden, "input.setupToken",
			"must be what the server prints when it starts: the first user signs up with it, or on the server's own machine")
	case !exists:
		change.Role, id = auth.Admin, firstAdmin
	case !d.options.AllowStaffSignup:
		return nil, store.Errorf(store.Forbidden, "staff can't sign up here; an admin creates accounts with createUser")
	}
	user, err := d.insertUser(ctx, auth.Scope{Role: change.Role, Account: id}, id, change)
	if store.CodeOf(err) == store.Conflict && id == firstAdmin {
		if exists, err := d.HasUsers(ctx); err == nil && exists {
			return d.SignUpUser(ctx, change, setup)
		}
	}
	return user, err
}

// CreateUser creates a staff account; only an admin may.
func (d *DB) CreateUser(ctx context.Context, scope auth.Scope, change NewUser) (*User, error) {
	if !scope.SeesAll() {
		return nil, store.Errorf(store.Forbidden, "only an admin may create users")
	}
	return d.insertUser(ctx, scope, store.NewID(), change)
}

func (d *DB) insertUser(ctx context.Context, scope auth.Scope, id store.ID, change NewUser) (*User, error) {
	user, problems := d.newUser(id, change)
	problems.password(d.passwords, "password", change.Password, user.Name, user.Email)
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	hash, err := d.passwords.Hash(ctx, change.Password)
	if err != nil {
		return nil, fmt.Errorf("cannot create user: %w", err)
	}
	user.PasswordHash = hash
	if err := d.users.Create(ctx, scope, user); err != nil {
		return nil, err
	}
	if err := d.askToVerify(ctx, account{user: user}); err != nil {
		return nil, err
	}
	return user, nil
}

// newUser returns a user without a password, and what is wrong with it.
func (d *DB) newUser(id store.ID, change NewUser) (*User, Problems) {
	var problems Problems
	now := d.now()
	user := &User{
		ID: id, Name: problems.line("name", change.Name), Email: problems.email(change.Email),
		Role: change.Role, TimeZone: problems.timeZone(change.TimeZone), CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if !change.Verified {
		user.UnverifiedSince = &now
	}
	problems.staffRole("role", change.Role)
	return user, problems
}

func (p *Problems) staffRole(path string, role auth.Role) {
	if !role.IsStaff() {
		p.Add(path, "must be ADMIN or USER")
	}
}

// password checks a new password, which must not be what is known of its owner: the name and the address.
func (p *Problems) password(passwords Passwords, path, password string, known ...string) {
	if problem := passwords.Problem(password, known...); problem != "" {
		p.Add(path, "%s", problem)
	}
}

// UpdateUser changes a user: users may change their own name, an admin also the role, and the names and
// addresses of others; for the own address, see RequestEmailChange.
func (d *DB) UpdateUser(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, changes UserChanges,
) (*User, error) {
	demotes, entered, former := false, false, User{}
	user, err := d.users.Update(ctx, scope, id, expected, func(next *User) (string, error) {
		former = *next
		if err := next.permit(scope, changes); err != nil {
			return "", err
		}
		var problems Problems
		if changes.Name != nil {
			next.Name = problems.line("name", *changes.Name)
		}
		if changes.Email != nil {
			entered = d.enterEmail(scope, account{user: next}, problems.nextEmail(next.Email, *changes.Email), &problems)
		}
		if changes.Role != nil {
			problems.staffRole("role", *changes.Role)
			demotes = next.Role == auth.Admin && *changes.Role != auth.Admin
			next.Role = *changes.Role
		}
		if changes.NotifySelf != nil {
			next.NotToldOfOwn = !*changes.NotifySelf
		}
		if changes.TimeZone != nil {
			next.TimeZone = problems.timeZone(*changes.TimeZone)
		}
		if err := problems.inInput(); err != nil || !demotes {
			return entity.Updated, err
		}
		return entity.Updated, d.notLastAdmin(ctx, id)
	})
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // an admin has to be left even if the client has disconnected
	d.sessionCache.forgetAccount(id)
	if demotes {
		if err := d.restoreIfLastAdmin(ctx, user, func(u *User) { u.Role = auth.Admin }); err != nil {
			return nil, err
		}
	}
	d.recordChanges(ctx, scope, account{user: &former}, account{user: user})
	if entered {
		if err := d.afterEntering(ctx, scope, account{user: user}); err != nil {
			return nil, err
		}
	}
	return user, nil
}

func (u *User) permit(scope auth.Scope, changes UserChanges) error {
	switch {
	case scope.SeesAll():
		return nil
	case !scope.IsAccount(true, u.ID):
		return store.Errorf(store.Forbidden, "only an admin may change another user")
	case changes.Role != nil && *changes.Role != u.Role:
		return store.FieldError(store.Forbidden, "input.role", "only an admin may change a role")
	}
	return nil
}

// DeleteUser deletes a user, but not the last admin; only an admin may. If the user has interactions, it is a CONFLICT
// that counts them, unless cascade is set: then these are deleted first, with their tickets, unless others work on these.
// Tickets assigned to the user become unassigned.
func (d *DB) DeleteUser(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, cascade bool,
) (entity.Removed, error) {
	if !scope.SeesAll() {
		return nil, store.Errorf(store.Forbidden, "only an admin may delete users")
	}
	user, err := d.Users.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if err := d.users.ExpectVersion(user, expected); err != nil {
		return nil, err
	}
	if err := d.notLastAdmin(ctx, id); err != nil {
		return nil, err
	}
	if err := d.refuseToDeleteOthersWork(ctx, id); err != nil {
		return nil, err
	}
	return d.users.Delete(ctx, scope, user, cascade, func(ctx context.Context) error {
		// Two admins who delete each other at the same moment may both get here.
		left, err := d.users.CountAll(ctx, activeAdmins())
		if err != nil {
			return err
		}
		if left == 0 {
			return errLastAdmin()
		}
		if err := d.endAccess(ctx, KindUser, id); err != nil {
			return err
		}
		if err := d.expireUploads(ctx, auth.AccountKey(auth.User, id)); err != nil {
			return err
		}
		return d.leaveTombstone(ctx, &Tombstone{
			ID: id, Account: auth.AccountKey(auth.User, id), Name: user.Name, Email: user.Email, TimeZone: user.TimeZone,
			DeactivatedAt: user.DeactivatedAt,
		})
	})
}
