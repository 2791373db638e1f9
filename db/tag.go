package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Tag is a word by which the staff sort tickets and customers, who never see it.
type Tag struct {
	ID        store.ID  `db:"_id"`
	Name      string    `db:"name"`
	Color     string    `db:"color"`
	CreatedAt time.Time `db:"created_at"`
	UpdatedAt time.Time `db:"updated_at"`
	Version   int       `db:"version" default:"1"`

	nameFold  string `db:"name_fold" key:"Name,fold"`
	nameKey   string `db:"name_key" key:"Name,search"`
	nameOrder string `db:"name_order" key:"Name,order"`
}

// Tags declares the tags, listed by name.
var Tags = entity.Declare(entity.Declaration[Tag]{
	Kind: "tag", Name: "tags", Noun: "tag",
	Visible:      []entity.Grant{entity.ToStaff()},
	DefaultOrder: []store.Sort{{Field: "name_order"}},
	Indexes: []store.Index{
		{Name: "tags_name_unique", Keys: []store.Key{{Field: "name_fold"}}, Unique: true, Reports: "name"},
		{Name: "tags_name", Keys: []store.Key{{Field: "name_key"}, {Field: "_id"}}},
		{Name: "tags_name_order", Keys: []store.Key{{Field: "name_order"}, {Field: "_id"}}},
		{Name: "tags_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
	},
	Searched: []string{"name_key"},
})

// Tagging says that a ticket or a customer has a tag. It is a document of its own, and not part of what has the tag, so that
// customers learn nothing of it, not even by a version that increases; that a new name of a tag is one write; and that an index leads
// from a tag to all that has it. Its id is derived, so that nothing has a tag twice.
type Tagging struct {
	ID         store.ID  `db:"_id"`
	TagID      store.ID  `db:"tag_id" belongs:"Tag,cascade"`
	TicketID   *store.ID `db:"ticket_id" belongs:"Ticket.tags,cascade"`
	CustomerID *store.ID `db:"customer_id" belongs:"Customer.tags,cascade"`
	CreatedAt  time.Time `db:"created_at"`
}

// Taggings declares what has which tag.
var Taggings = entity.Declare(entity.Declaration[Tagging]{
	Name: "taggings", Noun: "tagging",
	Visible: []entity.Grant{entity.ToStaff()},
	Indexes: []store.Index{
		{Name: "taggings_tag_ticket", Keys: []store.Key{{Field: "tag_id"}, {Field: "ticket_id"}}},
		{Name: "taggings_tag_customer", Keys: []store.Key{{Field: "tag_id"}, {Field: "customer_id"}}},
		{Name: "taggings_ticket_tag", Keys: []store.Key{{Field: "ticket_id"}, {Field: "tag_id"}}},
		{Name: "taggings_customer_tag", Keys: []store.Key{{Field: "customer_id"}, {Field: "tag_id"}}},
	},
})

// Tagged is what can have tags: a *Ticket or a *Customer.
type Tagged interface{ GlobalID() string }

func taggingID(owner, tag store.ID) store.ID {
	return store.DerivedID("tagging", owner.String(), tag.String())
}

// newTagging returns the tagging of a ticket or a customer.
func newTagging(tag store.ID, kind entity.Kind, owner store.ID, now time.Time) *Tagging {
	tagging := &Tagging{ID: taggingID(owner, tag), TagID: tag, CreatedAt: now}
	if kind == KindTicket {
		tagging.TicketID = &owner
	} else {
		tagging.CustomerID = &owner
	}
	return tagging
}

// taggedField returns the field of a tagging with the id of what has the tag.
func taggedField(kind entity.Kind) string {
	if kind == KindTicket {
		return "ticket_id"
	}
	return "customer_id"
}

// TagsOf returns the tags of tickets, or of customers, that the scope sees, by owner and in the order of their names. It takes two
// calls to the store.
func (d *DB) TagsOf(
	ctx context.Context, tags *entity.Reader[Tag], scope auth.Scope, kind entity.Kind, owners []store.ID,
) (map[store.ID][]*Tag, error) {
	taggings := make(map[store.ID][]*Tagging, len(owners))
	err := d.store.FindChildren(ctx, Taggings.Collection, taggedField(kind), owners, store.Query{}, func(owner store.ID) store.Document {
		tagging := new(Tagging)
		taggings[owner] = append(taggings[owner], tagging)
		return tagging
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find what is tagged: %w", err)
	}
	var ids []store.ID
	for _, of := range taggings {
		for _, tagging := range of {
			if !slices.Contains(ids, tagging.TagID) {
				ids = append(ids, tagging.TagID)
			}
		}
	}
	byID, err := tags.Also("name_order").ByID(ctx, scope, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[store.ID][]*Tag, len(owners))
	for _, owner := range owners {
		found[owner] = []*Tag{}
		for _, tagging := range taggings[owner] {
			if tag := byID[tagging.TagID]; tag != nil {
				found[owner] = append(found[owner], tag)
			}
		}
		slices.SortFunc(found[owner], func(a, b *Tag) int { return strings.Compare(a.nameOrder, b.nameOrder) })
	}
	return found, nil
}
