package db

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// LinkAction is what a mailed link lets its holder do.
type LinkAction string

// The actions, as they are stored and as they stand in the links' paths.
const (
	LinkResetPassword    LinkAction = "reset-password"
	LinkAcceptInvitation LinkAction = "accept-invitation"
	LinkSignUp           LinkAction = "sign-up"
	LinkVerifyEmail      LinkAction = "verify-email"
	LinkChangeEmail      LinkAction = "change-email"
	LinkUndoEmailChange  LinkAction = "undo-email-change"
)

// AccountLink is a mailed link whose token lets somebody do one thing with an account, once.
//
// The token has 256 bits and is stored nowhere: not in the message that waits to be sent, in its event, or in the log. It is
// derived from the random Seed and one of the server's keys, so that a worker can derive it when it sends the message, however
// much later and in whichever process that is. The stored Hash recognizes the token, also after the keys have been replaced.
// Somebody who reads the database can't derive it, for want of the key, nor can somebody who has only the key.
type AccountLink struct {
	ID store.ID `db:"_id"`
	// Account is the key of the account. It is empty for an address without an account: a link to sign up creates one; any other
	// is written only so that asking for it takes as long, and is never sent.
	Account auth.AudienceKey `db:"account"`
	Action  LinkAction       `db:"action"`
	// Email is the address that the link is sent to. The link ends when it is no longer the account's, unless it changes that.
	Email string `db:"email,personal"`
	// AccountEmail is the address that the account has as long as it can get that of the link; empty for links that don't change it.
	AccountEmail string     `db:"account_email,personal"`
	Seed         string     `db:"seed,secret"`
	Hash         string     `db:"hash,secret"`
	CreatedAt    time.Time  `db:"created_at"`
	ExpiresAt    time.Time  `db:"expires_at"`
	UsedAt       *time.Time `db:"used_at"`
}

// AccountLinks declares the mailed links. Nobody sees them.
var AccountLinks = entity.Declare(entity.Declaration[AccountLink]{
	Kind: "lnk", Name: "account_links", Noun: "link",
	Volatile: true,
	Indexes: []store.Index{
		{Name: "account_links_account", Keys: []store.Key{{Field: "account"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "account_links_expires", Keys: []store.Key{{Field: "expires_at"}}},
	},
})

// Leads reports whether the link leads somewhere, so that it may be sent and used.
func (l *AccountLink) Leads() bool { return l.Account != "" || l.Action == LinkSignUp }

// Usable reports whether the link can still be used at that time.
func (l *AccountLink) Usable(now time.Time) bool { return l.UsedAt == nil && now.Before(l.ExpiresAt) }

// The lengths of the two parts of a token, in hexadecimal digits: the id of its link, and the secret. Hexadecimal digits are
// marked together by a double click, and no mail program takes the last one for punctuation after the link.
const (
	tokenID     = 2 * len(store.ID{})
	tokenSecret = 2 * sha256.Size
)

// secret derives the secret part of the link's token with a key of the server.
func (l *AccountLink) secret(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("account link\n" + l.ID.String() + "\n" + string(l.Action) + "\n" + l.Seed))
	return hex.EncodeToString(mac.Sum(nil))
}

// recognizes reports whether a secret is that of the link's token.
func (l *AccountLink) recognizes(secret string) bool {
	return isEqual(hashSecret(secret), l.Hash)
}

// LinkToken returns the token of a link; ok is false if the key that it was made with is no longer among the server's.
func (d *DB) LinkToken(link *AccountLink) (token string, ok bool) {
	for _, key := range d.entities.CursorKeys {
		if secret := link.secret(key); link.recognizes(secret) {
			return link.ID.String() + secret, true
		}
	}
	return "", false
}

// UsableLinks returns the links with these ids that can still be used, by id.
func (d *DB) UsableLinks(ctx context.Context, ids []store.ID) (map[store.ID]*AccountLink, error) {
	usable := make(map[store.ID]*AccountLink, len(ids))
	if len(ids) == 0 {
		return usable, nil
	}
	found, err := d.accountLinks.Find(ctx, store.Query{Where: store.In("_id", ids)})
	if err != nil {
		return nil, err
	}
	now := d.now()
	for _, link := range found {
		if link.Usable(now) {
			usable[link.ID] = link
		}
	}
	return usable, nil
}

// BringsLink reports whether a message about an event of that type brings an account link, which is the event's entity.
func BringsLink(eventType string) bool { return eventType == EventAccountLinkCreated }
