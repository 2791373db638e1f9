package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crm/auth"
	"crm/db/store"
)

// CustomerSignup says how customers get accounts that they can log in to, besides those to which an admin gives a password.
type CustomerSignup string

// The ways to an account. Each also allows the ways below it.
const (
	// SignupOpen lets anybody sign up with any address that no customer has.
	SignupOpen CustomerSignup = "open"
	// SignupVerified lets those sign up who get a link at the address. A record that the staff have entered becomes theirs.
	SignupVerified CustomerSignup = "verified"
	// SignupInvited lets those have an account whom the staff invite.
	SignupInvited CustomerSignup = "invited"
	// SignupOff lets nobody sign up.
	SignupOff CustomerSignup = "off"
)

// ParseCustomerSignup reads one of the ways.
func ParseCustomerSignup(text string) (CustomerSignup, error) {
	switch way := CustomerSignup(text); way {
	case "", SignupOpen, SignupVerified, SignupInvited, SignupOff:
		return way, nil
	}
	return "", errors.New("must be open, verified, invited or off")
}

// CustomerSignup returns how customers get accounts here.
func (d *DB) CustomerSignup() CustomerSignup { return d.options.CustomerSignup }

// permit is FORBIDDEN, with the reason, if none of the ways is the operator's.
func (way CustomerSignup) permit(reason string, ways ...CustomerSignup) error {
	if slices.Contains(ways, way) {
		return nil
	}
	return store.Errorf(store.Forbidden, "%s", reason)
}

func (d *DB) mayRequestSignUp() error {
	return d.options.CustomerSignup.permit("customers can't sign up here", SignupOpen, SignupVerified)
}

// signUpLife is how long a link to sign up can be used.
const signUpLife = 24 * time.Hour

// RequestSignUp mails a link to sign up as a customer with that address, and returns until when it can be used at least. A customer who has an account
// already gets a link to reset the password instead. Neither the result nor the time that it takes reveals what the address is
// known for. It is RATE_LIMITED after too many requests for an address or from a network address.
func (d *DB) RequestSignUp(ctx context.Context, email, address string) (expires time.Time, err error) {
	if err := d.mayRequestSignUp(); err != nil {
		return time.Time{}, err
	}
	var problems Problems
	email = problems.email(email)
	if err := problems.inInput(); err != nil {
		return time.Time{}, err
	}
	if err := d.beginMail(ctx, KindCustomer, email, address); err != nil {
		return time.Time{}, err
	}
	found, err := d.accountByEmail(ctx, KindCustomer, email)
	if err != nil && store.CodeOf(err) != store.NotFound {
		return time.Time{}, err
	}
	var key auth.AudienceKey
	action, life := LinkSignUp, signUpLife
	if err == nil {
		key, email = found.key(), found.email()
		if *found.hash() != "" {
			action, life = LinkResetPassword, resetLife
		}
	}
	link, err := d.sendLink(ctx, auth.SystemScope(), key, action, email, life)
	if err != nil {
		return time.Time{}, err
	}
	return link.CreatedAt.Add(resetLife), nil
}

// SignUp is what somebody chooses who signs up.
type SignUp struct {
	// Name is nil if the one on record is right; without a record, the address takes its place.
	Name     *string
	Password string
	// TimeZone is the name of an IANA time zone; nil leaves the one on record.
	TimeZone *string
}

// CompleteSignUp gives the address that a mailed token was sent to an account: a new one, or that of the customer whom the staff
// have entered, and starts a session of it. A token that can't be used is BAD_USER_INPUT; other wrong inputs leave it usable.
func (d *DB) CompleteSignUp(ctx context.Context, token string, chosen SignUp) (*Session, string, error) {
	if err := d.mayRequestSignUp(); err != nil {
		return nil, "", err
	}
	link, err := d.openLink(ctx, token, LinkSignUp)
	if err != nil {
		return nil, "", err
	}
	customer := &Customer{ID: store.NewID(), Name: link.Email, Email: link.Email}
	if link.Account != "" {
		holder, err := d.holderOf(ctx, link)
		if err != nil {
			return nil, "", err
		}
		customer = holder.customer
	}
	hash, err := d.checkSignUp(ctx, customer, chosen)
	if err != nil {
		return nil, "", err
	}
	if err := d.useLink(ctx, link); err != nil {
		return nil, "", err
	}
	ctx = context.WithoutCancel(ctx)
	if err := d.createOrClaim(ctx, link, customer, hash); err != nil {
		return nil, "", err
	}
	return d.StartSession(ctx, customer.ID, false)
}

// checkSignUp applies what somebody chooses to their record, and returns the hash of the password.
func (d *DB) checkSignUp(ctx context.Context, customer *Customer, chosen SignUp) (hash string, err error) {
	var problems Problems
	if chosen.Name != nil {
		customer.Name = problems.line("name", *chosen.Name)
	}
	customer.TimeZone = cmp.Or(problems.timeZone(chosen.TimeZone), customer.TimeZone)
	problems.password(d.passwords, "password", chosen.Password, customer.Name, customer.Email)
	if err := problems.inInput(); err != nil {
		return "", err
	}
	if hash, err = d.passwords.Hash(ctx, chosen.Password); err != nil {
		return "", fmt.Errorf("cannot sign up: %w", err)
	}
	return hash, nil
}

// createOrClaim creates the customer that a link leads to no record of, or gives the one that it leads to its password.
func (d *DB) createOrClaim(ctx context.Context, link *AccountLink, customer *Customer, hash string) error {
	if link.Account == "" {
		now := d.now()
		customer.PasswordHash, customer.CreatedAt, customer.UpdatedAt, customer.Version = hash, now, now, 1
		err := d.customers.Create(ctx, auth.Scope{Role: auth.Customer, Account: customer.ID}, customer)
		if store.CodeOf(err) == store.Conflict {
			return errLink() // the address has got a record meanwhile, which another link leads to
		}
		return err
	}
	_, err := d.storePassword(ctx, KindCustomer, customer.ID, hash, store.ID{}, func(next account) error {
		if !next.holds(link) || *next.hash() != "" {
			return errLink()
		}
		next.customer.Name, next.customer.TimeZone = customer.Name, customer.TimeZone
		return nil
	})
	return err
}
