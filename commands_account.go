package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// parseCreateAdmin parses the command that creates an admin, who needs no other admin for that.
func (c call) parseCreateAdmin() (command, error) {
	if len(c.Arguments) < 2 {
		return command{}, errors.New("create-admin takes the admin's e-mail address and name: create-admin EMAIL NAME")
	}
	email, name := c.Arguments[0], strings.Join(c.Arguments[1:], " ")
	return command{asksPassword: true, run: func(ctx context.Context, crm *crm, password string, out io.Writer) error {
		user, err := crm.db.CreateUser(ctx, auth.SystemScope(), db.NewUser{Name: name, Email: email, Password: password, Role: auth.Admin, Verified: true})
		if err != nil {
			return withoutInput(err)
		}
		_, err = fmt.Fprintf(out, "%s can log in as an admin with logInUser.\n", user.Email)
		return err
	}}, nil
}

// parseSetPassword parses the command that gives a user another password.
func (c call) parseSetPassword() (command, error) {
	if len(c.Arguments) != 1 {
		return command{}, errors.New("set-password takes the e-mail address of a user: set-password EMAIL")
	}
	email := c.Arguments[0]
	return command{asksPassword: true, run: func(ctx context.Context, crm *crm, password string, out io.Writer) error {
		user, err := crm.userWithEmail(ctx, email)
		if err != nil {
			return err
		}
		ended, err := crm.db.SetPassword(ctx, auth.SystemScope(), db.KindUser, user.ID, password)
		if err != nil {
			return withoutInput(err)
		}
		_, err = fmt.Fprintf(out, "The password of %s has been set. Sessions that have ended: %d.\n", user.Email, ended)
		if err == nil && user.DeactivatedAt != nil {
			_, err = fmt.Fprintln(out, "The account is deactivated: it can't log in until an admin reactivates it.")
		}
		return err
	}}, nil
}

// parseResetTwoFactor parses the command that removes the second factor of a user.
func (c call) parseResetTwoFactor() (command, error) {
	if len(c.Arguments) != 1 {
		return command{}, errors.New("reset-two-factor takes the e-mail address of a user: reset-two-factor EMAIL")
	}
	email := c.Arguments[0]
	return command{run: func(ctx context.Context, crm *crm, _ string, out io.Writer) error {
		user, err := crm.userWithEmail(ctx, email)
		if err != nil {
			return err
		}
		was, err := crm.db.ResetTwoFactor(ctx, auth.SystemScope(), db.KindUser, user.ID)
		switch {
		case err != nil:
			return err
		case was:
			_, err = fmt.Fprintf(out, "%s logs in without a second factor now.\n", user.Email)
		default:
			_, err = fmt.Fprintf(out, "%s has no second factor.\n", user.Email)
		}
		return err
	}}, nil
}

// userWithEmail returns the user with that address.
func (c *crm) userWithEmail(ctx context.Context, email string) (*db.User, error) {
	user, err := db.ByEmail(ctx, c.db.Users, auth.SystemScope(), email)
	if store.CodeOf(err) == store.NotFound {
		return nil, fmt.Errorf("there is no user with the address %s", email)
	}
	return user, err
}

// withoutInput returns an error with a line for each problem of a field, which it names without the API's input.
func withoutInput(err error) error {
	var coded *store.Error
	if !errors.As(err, &coded) || len(coded.Problems) == 0 {
		return err
	}
	var lines []error
	for _, problem := range coded.Problems {
		field := problem.Path[strings.LastIndex(problem.Path, ".")+1:]
		if field == "newPassword" {
			field = "password"
		}
		lines = append(lines, fmt.Errorf("%s: %s", field, problem.Message))
	}
	return errors.Join(lines...)
}
