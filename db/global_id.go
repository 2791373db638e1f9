package db

import (
	"encoding/hex"
	"strings"

	"crm/db/store"
)

// Kind is the kind of thing that a global id names: the id's prefix.
type Kind string

// The kinds.
const (
	KindUser        Kind = "usr"
	KindCustomer    Kind = "cus"
	KindInteraction Kind = "int"
	KindTicket      Kind = "tkt"
	KindDelivery    Kind = "dlv"
)

// kindNouns is what the kinds are called in messages.
var kindNouns = map[Kind]string{
	KindUser: "user", KindCustomer: "customer", KindInteraction: "interaction", KindTicket: "ticket",
	KindDelivery: "delivery",
}

// withArticle returns the kind's noun with its article.
func (k Kind) withArticle() string {
	if k == KindInteraction {
		return "an " + kindNouns[k]
	}
	return "a " + kindNouns[k]
}

// GlobalID returns the id under which clients know the document: unique among all kinds.
func (k Kind) GlobalID(id store.ID) string { return string(k) + "_" + id.String() }

// ParseGlobalID takes a global id apart.
func ParseGlobalID(text string) (Kind, store.ID, error) {
	prefix, digits, _ := strings.Cut(text, "_")
	kind := Kind(prefix)
	id, err := store.ParseID(digits)
	if _, known := kindNouns[kind]; !known || err != nil {
		return "", store.ID{}, store.Errorf(store.BadInput, "is not an id of this server")
	}
	return kind, id, nil
}

// ParseGlobalID returns the id in a global id of that kind; the error says what another id is of.
func (k Kind) ParseGlobalID(text string) (store.ID, error) {
	kind, id, err := ParseGlobalID(text)
	if err != nil {
		return store.ID{}, err
	}
	if kind != k {
		return store.ID{}, store.Errorf(store.BadInput, "is the id of %s, not of %s", kind.withArticle(), k.withArticle())
	}
	return id, nil
}

// GlobalID returns the user's global id.
func (u *User) GlobalID() string { return KindUser.GlobalID(u.ID) }

// GlobalID returns the customer's global id.
func (c *Customer) GlobalID() string { return KindCustomer.GlobalID(c.ID) }

// GlobalID returns the interaction's global id.
func (i *Interaction) GlobalID() string { return KindInteraction.GlobalID(i.ID) }

// GlobalID returns the ticket's global id.
func (t *Ticket) GlobalID() string { return KindTicket.GlobalID(t.ID) }

// GlobalID returns the delivery's global id.
func (d *Delivery) GlobalID() string { return KindDelivery.GlobalID(d.ID) }

// The methods below append what GlobalID returns, for those who write many.

// AppendGlobalID appends the id under which clients know the document.
func (k Kind) AppendGlobalID(buf []byte, id store.ID) []byte {
	return hex.AppendEncode(append(append(buf, k...), '_'), id[:])
}

// AppendGlobalID appends the user's global id.
func (u *User) AppendGlobalID(buf []byte) []byte { return KindUser.AppendGlobalID(buf, u.ID) }

// AppendGlobalID appends the customer's global id.
func (c *Customer) AppendGlobalID(buf []byte) []byte { return KindCustomer.AppendGlobalID(buf, c.ID) }

// AppendGlobalID appends the interaction's global id.
func (i *Interaction) AppendGlobalID(buf []byte) []byte {
	return KindInteraction.AppendGlobalID(buf, i.ID)
}

// AppendGlobalID appends the ticket's global id.
func (t *Ticket) AppendGlobalID(buf []byte) []byte { return KindTicket.AppendGlobalID(buf, t.ID) }

// AppendGlobalID appends the delivery's global id.
func (d *Delivery) AppendGlobalID(buf []byte) []byte { return KindDelivery.AppendGlobalID(buf, d.ID) }
