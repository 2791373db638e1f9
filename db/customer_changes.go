package db

import (
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// NewCustomer is the data of a customer to create.
type NewCustomer struct {
	// Name may be empty if the staff know only the telephone number.
	Name string
	// Email is empty for a customer who has no address.
	Email   string
	Company *string
	Phone   *string
	// TimeZone is the name of an IANA time zone.
	TimeZone *string
	// Password is nil for a customer who can't log in yet.
	Password *string
	// Verified says that the address is known to be the customer's.
	Verified bool
}

// CustomerChanges are changes to a customer; nil leaves a field unchanged, a pointer to nil clears it.
type CustomerChanges struct {
	Name *string
	// Email is cleared by an empty text, but not for a customer who can log in.
	Email    *string
	Company  **string
	Phone    **string
	TimeZone **string
}

// SignedUp is what SignUpCustomer did: it created a customer, or mailed a link.
type SignedUp struct {
	// Created is the customer, unless a link was mailed.
	Created *Customer
	Mailed  bool
	// ExpiresAt is a time until which the mailed link can certainly be used.
	ExpiresAt time.Time
}

// SignUpCustomer creates a customer account; anybody may, unless the operator has other customers' sign-ups than SignupOpen. If
// addresses have to be verified, it mails a link to sign up instead, as RequestSignUp does: what a stranger has entered gets into no
// account, and the result doesn't tell whether there is one.
func (d *DB) SignUpCustomer(ctx context.Context, change NewCustomer, address string) (*SignedUp, error) {
	switch d.options.CustomerSignup {
	case SignupOpen:
	case SignupVerified:
		return nil, store.Errorf(store.Forbidden, "customers sign up with a mailed link here, which requestSignUp sends")
	default:
		return nil, store.Errorf(store.Forbidden, "customers can't sign up here")
	}
	var problems Problems
	customer := &Customer{ID: store.NewID(), Name: problems.line("name", change.Name), Email: problems.email(change.Email)}
	if err := d.completeCustomer(customer, change, problems); err != nil {
		return nil, err
	}
	if d.options.RequireVerifiedEmail {
		expires, err := d.RequestSignUp(ctx, customer.Email, address)
		if err != nil {
			return nil, err
		}
		return &SignedUp{Mailed: true, ExpiresAt: expires}, nil
	}
	if err := d.insertCustomer(ctx, account{customer: customer}.scope(), customer, change.Password); err != nil {
		return nil, err
	}
	return &SignedUp{Created: customer}, nil
}

// CreateCustomer creates a customer; only staff may.
func (d *DB) CreateCustomer(ctx context.Context, scope auth.Scope, change NewCustomer) (*Customer, error) {
	if !scope.IsStaff() {
		return nil, store.Errorf(store.Forbidden, "only staff may create customers")
	}
	var problems Problems
	customer := &Customer{ID: store.NewID(), Name: problems.nameOrPhone(change.Name, change.Phone)}
	switch {
	case !isBlank(change.Email):
		customer.Email = problems.email(change.Email)
	case change.Password != nil:
		problems.Add("email", "must be given with a password: it is needed to log in")
	}
	if err := d.completeCustomer(customer, change, problems); err != nil {
		return nil, err
	}
	if err := d.insertCustomer(ctx, scope, customer, change.Password); err != nil {
		return nil, err
	}
	return customer, nil
}

// completeCustomer completes a new customer, whose name and address are checked already. It is BAD_USER_INPUT if anything is wrong.
func (d *DB) completeCustomer(customer *Customer, change NewCustomer, problems Problems) error {
	now := d.now()
	customer.Company, customer.Phone = problems.optionalLine("company", change.Company), problems.phone(change.Phone)
	customer.TimeZone = problems.timeZone(change.TimeZone)
	customer.CreatedAt, customer.UpdatedAt, customer.Version = now, now, 1
	if !change.Verified {
		customer.UnverifiedSince = &now
	}
	if change.Password != nil {
		problems.password(d.passwords, "password", *change.Password, customer.Name, customer.Email)
	}
	return problems.inInput()
}

// insertCustomer inserts a new customer, with a password unless that is nil, whose address then has to be verified.
func (d *DB) insertCustomer(ctx context.Context, scope auth.Scope, customer *Customer, password *string) error {
	if password != nil {
		hash, err := d.passwords.Hash(ctx, *password)
		if err != nil {
			return fmt.Errorf("cannot create customer: %w", err)
		}
		customer.PasswordHash = hash
	}
	if err := d.customers.Create(ctx, scope, customer); err != nil {
		return err
	}
	return d.askToVerify(ctx, account{customer: customer})
}

// UpdateCustomer changes a customer that the scope sees: staff may change any, a customer only themself, except for the
// address; see RequestEmailChange.
func (d *DB) UpdateCustomer(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, changes CustomerChanges,
) (*Customer, error) {
	entered, former := false, Customer{}
	customer, err := d.customers.Update(ctx, scope, id, expected, func(next *Customer) (string, error) {
		former = *next
		var problems Problems
		if changes.Name != nil {
			next.Name = problems.line("name", *changes.Name)
		}
		if changes.Email != nil {
			entered = d.enterEmail(scope, account{customer: next}, problems.nextCustomerEmail(next, *changes.Email), &problems)
		}
		if changes.Company != nil {
			next.Company = problems.optionalLine("company", *changes.Company)
		}
		if changes.Phone != nil {
			before := next.Phone
			next.Phone = problems.nextPhone(before, *changes.Phone)
			if changes.Name == nil {
				next.Name = problems.nextCaller(next.Name, before, next.Phone)
			}
		}
		if changes.TimeZone != nil {
			next.TimeZone = problems.timeZone(*changes.TimeZone)
		}
		return entity.Updated, problems.inInput()
	})
	if err != nil {
		return nil, err
	}
	d.recordChanges(ctx, scope, account{customer: &former}, account{customer: customer})
	if entered {
		if err := d.afterEntering(ctx, scope, account{customer: customer}); err != nil {
			return nil, err
		}
	}
	return customer, nil
}

// DeleteCustomer deletes a customer: an admin may delete any, a customer only themself. If an admin deletes a customer who has
// interactions or tickets, it is a CONFLICT that counts them, unless cascade is set: then these are deleted first. A customer's
// own deletion keeps them, since they are the staff's records, cancels what is planned and still ahead, and erases the texts that the
// customer wrote. Calling it again finishes an interrupted deletion.
func (d *DB) DeleteCustomer(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, cascade bool,
) (entity.Removed, error) {
	customer, err := d.Customers.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if !scope.SeesAll() && !scope.IsAccount(false, id) {
		return nil, store.Errorf(store.Forbidden, "only an admin may delete customers")
	}
	if err := d.customers.ExpectVersion(customer, expected); err != nil {
		return nil, err
	}
	alone := scope.IsAccount(false, id)
	claimed := func(ctx context.Context) error {
		if err := d.endAccess(ctx, KindCustomer, id); err != nil {
			return err
		}
		if err := d.expireUploads(ctx, auth.AccountKey(auth.Customer, id)); err != nil {
			return err
		}
		return d.leaveTombstone(ctx, &Tombstone{
			ID: id, Account: auth.AccountKey(auth.Customer, id), Name: customer.Name, Email: customer.Email,
			TimeZone: customer.TimeZone,
		})
	}
	if !alone {
		return d.customers.Delete(ctx, scope, customer, cascade, claimed)
	}
	return d.customers.DeleteAlone(ctx, scope, customer, func(ctx context.Context) error {
		if err := claimed(ctx); err != nil {
			return err
		}
		if err := d.eraseTextsBy(ctx, id); err != nil {
			return err
		}
		return d.cancelMeetingsOf(ctx, scope, id)
	})
}

// cancelMeetingsOf cancels what is planned with a customer who deletes themself and still ahead, so that its users hear of it. What is
// internal is among the staff, and stays.
func (d *DB) cancelMeetingsOf(ctx context.Context, scope auth.Scope, customer store.ID) error {
	planned, err := d.interactions.Find(ctx, store.Query{
		Where: store.And(
			store.Eq("customer_id", customer), store.Compare(store.OpGt, "start_time", d.now()),
			store.Eq("status", string(InteractionPlanned)), store.Eq("internal", false), store.IsNull("deleting_at"),
		),
		Fields: Interactions.Select("status"),
	})
	if err != nil {
		return err
	}
	for _, meeting := range planned {
		_, err := d.interactions.Follow(ctx, scope, meeting.ID, func(next *Interaction) (string, error) {
			if next.Status == InteractionPlanned && !next.Internal {
				next.Status = InteractionCancelled
			}
			return verbCancelled, nil
		})
		if err := ignoreNotFound(err); err != nil {
			return fmt.Errorf("cannot cancel the meetings of a customer: %w", err)
		}
	}
	return nil
}
