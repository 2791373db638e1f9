package db

import (
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/store"
)

// linkLife is how long the links for each action can be used.
var linkLife = map[LinkAction]time.Duration{
	LinkResetPassword: time.Hour, LinkAcceptInvitation: 7 * 24 * time.Hour, LinkSignUp: 24 * time.Hour,
	LinkVerifyEmail: 24 * time.Hour, LinkChangeEmail: 24 * time.Hour, LinkUndoEmailChange: 7 * 24 * time.Hour,
}

// sendLink completes and writes a link, whose event makes notify send it. It has no account if nobody is to get it.
func (d *DB) sendLink(ctx context.Context, scope auth.Scope, link *AccountLink) error {
	now := d.now()
	link.ID, link.Seed, link.CreatedAt, link.ExpiresAt = unguessableID(), newSecret(), now, now.Add(linkLife[link.Action])
	link.Hash = hashSecret(link.secret(d.entities.CursorKeys[0]))
	return d.accountLinks.Create(ctx, scope, link)
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

// ownLink is openLink for a link that only its account's holder can use, who is logged in, and returns the account: somebody who got
// a link that they didn't ask for, and follows it, doesn't verify a stranger's account with their address.
func (d *DB) ownLink(ctx context.Context, viewer auth.Viewer, token string, action LinkAction) (*AccountLink, account, error) {
	link, err := d.openLink(ctx, token, action)
	if err != nil {
		return nil, account{}, err
	}
	if link.Account != auth.AccountKey(viewer.Role, viewer.Account) {
		return nil, account{}, errLink()
	}
	holder, err := d.holderOf(ctx, link)
	if err != nil {
		return nil, account{}, err
	}
	return link, holder, nil
}

// errLink doesn't tell why a link can't be used, which would help nobody but those who guess.
func errLink() *store.Error {
	return store.FieldError(store.BadInput, "input.token", "is not valid: the link has expired, was used or was replaced by another")
}

// holderOf returns the account that a link is for. It is BAD_USER_INPUT if the account may not use it; see holds.
func (d *DB) holderOf(ctx context.Context, link *AccountLink) (account, error) {
	holder, err := d.accountOf(ctx, link.Account)
	if store.CodeOf(err) == store.NotFound || err == nil && !holder.holds(link) {
		err = errLink()
	}
	if err != nil {
		return account{}, err
	}
	return holder, nil
}
