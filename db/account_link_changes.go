package db

import (
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/store"
	"crm/db/textkey"
)

// sendLink writes a link, whose event makes notify send it. account is empty if nobody is to get it.
func (d *DB) sendLink(
	ctx context.Context, scope auth.Scope, account auth.AudienceKey, action LinkAction, email string, life time.Duration,
) (*AccountLink, error) {
	now := d.now()
	link := &AccountLink{
		ID: newSessionID(), Account: account, Action: action, Email: email, Seed: newSecret(), CreatedAt: now, ExpiresAt: now.Add(life),
	}
	link.Hash = hashSecret(link.secret(d.entities.CursorKeys[0]))
	if err := d.accountLinks.Create(ctx, scope, link); err != nil {
		return nil, err
	}
	return link, nil
}

// openLink returns the link with that token. It is BAD_USER_INPUT, without saying why, if it can't be used for the action.
func (d *DB) openLink(ctx context.Context, token string, action LinkAction) (*AccountLink, error) {
	if len(token) != tokenID+tokenSecret {
		return nil, errLink()
	}
	id, err := store.ParseID(token[:tokenID])
	if err != nil {
		return nil, errLink()
	}
	usable, err := d.UsableLinks(ctx, []store.ID{id})
	if err != nil {
		return nil, err
	}
	link := usable[id]
	if link == nil || link.Action != action || !link.Leads() || !link.recognizes(token[tokenID:]) {
		return nil, errLink()
	}
	return link, nil
}

// useLink marks a link as used. It is BAD_USER_INPUT if it has been used since it was read, so that of many uses at once only one
// succeeds.
func (d *DB) useLink(ctx context.Context, link *AccountLink) error {
	err := d.accountLinks.Assign(ctx, link.ID, store.IsNull("used_at"), []store.Assignment{{Field: "used_at", Value: d.now()}})
	if store.CodeOf(err) == store.NotFound {
		return errLink()
	}
	if err != nil {
		return fmt.Errorf("cannot use link: %w", err)
	}
	return nil
}

// endLinks makes an account's links for these actions useless, for all actions if none is given.
func (d *DB) endLinks(ctx context.Context, account auth.AudienceKey, actions ...LinkAction) error {
	where := store.Eq("account", string(account))
	if len(actions) > 0 {
		names := make([]string, len(actions))
		for i, action := range actions {
			names[i] = string(action)
		}
		where = store.And(where, store.In("action", names))
	}
	_, err := d.purge(ctx, AccountLinks.Collection, where)
	return err
}

// errLink doesn't tell why a link can't be used, which would help nobody but those who guess.
func errLink() *store.Error {
	return store.FieldError(store.BadInput, "input.token", "is not valid: the link has expired, was used or was replaced by another")
}

// holderOf returns the account that a link is for. It is BAD_USER_INPUT if the account may not log in, or has another address
// than the one that the link was sent to.
func (d *DB) holderOf(ctx context.Context, link *AccountLink) (account, error) {
	holder, err := d.accountOf(ctx, link.Account)
	if store.CodeOf(err) == store.NotFound || err == nil && !holder.holds(link) {
		err = errLink()
	}
	return holder, err
}

func sameAddress(a, b string) bool { return textkey.Address(a) == textkey.Address(b) }
