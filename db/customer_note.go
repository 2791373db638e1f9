package db

import (
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// CustomerNote is a note of the staff about a customer, who never sees it.
type CustomerNote struct {
	ID         store.ID  `db:"_id"`
	CustomerID store.ID  `db:"customer_id" belongs:"Customer.notes,cascade"`
	AuthorID   *store.ID `db:"author_id" belongs:"User,detach"`
	Text       string    `db:"text,personal"`
	Pinned     bool      `db:"pinned,few"`
	CreatedAt  time.Time `db:"created_at"`
	UpdatedAt  time.Time `db:"updated_at"`
	Version    int       `db:"version" default:"1"`
}

// CustomerNotes declares the staff's notes, listed with the pinned ones first.
var CustomerNotes = entity.Declare(entity.Declaration[CustomerNote]{
	Kind: "cnt", Name: "customer_notes", Noun: "note",
	Visible:      []entity.Grant{entity.ToStaff()},
	DefaultOrder: []store.Sort{{Field: "pinned", Desc: true}, {Field: "created_at", Desc: true}},
	Indexes: []store.Index{
		{Name: "customer_notes_customer_pinned", Keys: []store.Key{{Field: "customer_id"}, {Field: "pinned"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "customer_notes_customer_created", Keys: []store.Key{{Field: "customer_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "customer_notes_author_created", Keys: []store.Key{{Field: "author_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "customer_notes_pinned_created", Keys: []store.Key{{Field: "pinned"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "customer_notes_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "customer_notes_updated", Keys: []store.Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
})

// permit is FORBIDDEN unless the scope's account wrote the note or is an admin. The scope must see the note.
func (n *CustomerNote) permit(scope auth.Scope) error {
	if scope.SeesAll() || (n.AuthorID != nil && scope.IsAccount(true, *n.AuthorID)) {
		return nil
	}
	return store.Errorf(store.Forbidden, "only its author and admins may change a note")
}
