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

// CustomerSignup returns how customers get accounts here. If addresses have to be verified, anybody may sign up, but with a link.
func (d *DB) CustomerSignup() CustomerSignup {
	if d.options.CustomerSignup == SignupOpen && d.options.RequireVerifiedEmail {
		return SignupVerified
	}
	return d.options.CustomerSignup
}

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

// RequestSignUp mails a link to sign up as a customer with that address, and returns a time until which it can certainly be used. A
// customer who has an account already gets a link to reset the password instead. Neither the result nor the time that it takes reveals
// what the address is known for. It is RATE_LIMITED after too many requests for an address or from a network address.
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
	link := &AccountLink{Action: LinkSignUp, Email: email}
	if err == nil {
		link.Account, link.Email = found.key(), found.email()
		if *found.hash() != "" {
			link.Action = LinkResetPassword
		}
	}
	if err := d.sendLink(ctx, auth.SystemScope(), link); err != nil {
		return time.Time{}, err
	}
	return link.CreatedAt.Add(linkLife[LinkResetPassword]), nil
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
	if link.Account == "" {
		return d.createSignedUp(ctx, link, chosen)
	}
	holder, _, err := d.setPasswordBy(ctx, link, "password", chosen.Password, func(next account, problems *Problems) error {
		if *next.hash() != "" {
			return errLink()
		}
		chosen.apply(next.customer, problems)
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return d.StartSession(context.WithoutCancel(ctx), holder.id(), false)
}

// apply applies what somebody chooses to their record.
func (s SignUp) apply(customer *Customer, problems *Problems) {
	if s.Name != nil {
		customer.Name = problems.line("name", *s.Name)
	}
	customer.TimeZone = cmp.Or(problems.timeZone(s.TimeZone), customer.TimeZone)
}

// createSignedUp creates the customer whose address an open link was sent to, and starts a session of it.
func (d *DB) createSignedUp(ctx context.Context, link *AccountLink, chosen SignUp) (*Session, string, error) {
	now := d.now()
	customer := &Customer{ID: store.NewID(), Name: link.Email, Email: link.Email, CreatedAt: now, UpdatedAt: now, Version: 1}
	var problems Problems
	chosen.apply(customer, &problems)
	problems.password(d.passwords, "password", chosen.Password, customer.Name, customer.Email)
	if err := problems.inInput(); err != nil {
		return nil, "", err
	}
	var err error
	if customer.PasswordHash, err = d.passwords.Hash(ctx, chosen.Password); err != nil {
		return nil, "", fmt.Errorf("cannot sign up: %w", err)
	}
	if err := d.useLink(ctx, link); err != nil {
		return nil, "", err
	}
	ctx = context.WithoutCancel(ctx)
	err = d.customers.Create(ctx, account{customer: customer}.scope(), customer)
	if store.CodeOf(err) == store.Conflict {
		return nil, "", errLink() // the address has got a record meanwhile, which another link leads to
	}
	if err != nil {
		return nil, "", err
	}
	return d.StartSession(ctx, customer.ID, false)
}
