package db

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// TicketLink says that two tickets have to do with each other. Only staff see it. Its id is derived from both.
type TicketLink struct {
	ID        store.ID  `db:"_id"`
	OneID     store.ID  `db:"one_id" belongs:"Ticket,cascade"`
	OtherID   store.ID  `db:"other_id" belongs:"Ticket,cascade"`
	CreatedAt time.Time `db:"created_at"`
}

// maxLinks is how many links a ticket has at most, besides those of tickets that were merged into it.
const maxLinks = 50

// TicketLinks declares which tickets have to do with each other.
var TicketLinks = entity.Declare(entity.Declaration[TicketLink]{
	Name: "ticket_links", Noun: "link",
	Visible: []entity.Grant{entity.ToStaff()},
	Indexes: []store.Index{
		{Name: "ticket_links_one", Keys: []store.Key{{Field: "one_id"}}},
		{Name: "ticket_links_other", Keys: []store.Key{{Field: "other_id"}}},
	},
})

// LinkedTickets returns the tickets that have to do with others, as far as the scope sees them, by those and the newest first. Customers
// see none. It takes three calls to the store.
func (d *DB) LinkedTickets(
	ctx context.Context, tickets *entity.Reader[Ticket], scope auth.Scope, ids []store.ID,
) (map[store.ID][]*Ticket, error) {
	linked := make(map[store.ID][]store.ID, len(ids))
	if scope.IsStaff() {
		for _, side := range []string{"one_id", "other_id"} {
			var links []*TicketLink
			err := d.store.FindChildren(ctx, TicketLinks.Collection, side, ids, store.Query{}, func(store.ID) store.Document {
				links = append(links, new(TicketLink))
				return links[len(links)-1]
			})
			if err != nil {
				return nil, fmt.Errorf("cannot find links of tickets: %w", err)
			}
			for _, link := range links {
				if side == "one_id" {
					linked[link.OneID] = append(linked[link.OneID], link.OtherID)
				} else {
					linked[link.OtherID] = append(linked[link.OtherID], link.OneID)
				}
			}
		}
	}
	var wanted []store.ID
	for _, others := range linked {
		wanted = append(wanted, others...)
	}
	slices.SortFunc(wanted, func(a, b store.ID) int { return bytes.Compare(a[:], b[:]) })
	wanted = slices.Compact(wanted)
	byID, err := tickets.Also("created_at").ByID(ctx, scope, wanted)
	if err != nil {
		return nil, err
	}
	found := make(map[store.ID][]*Ticket, len(ids))
	for _, id := range ids {
		found[id] = []*Ticket{}
		for _, other := range linked[id] {
			if byID[other] != nil {
				found[id] = append(found[id], byID[other])
			}
		}
		slices.SortFunc(found[id], func(a, b *Ticket) int { return b.CreatedAt.Compare(a.CreatedAt) })
	}
	return found, nil
}

// LinkTickets says that two tickets that the scope sees have to do with each other, and returns the first one; only staff may.
func (d *DB) LinkTickets(ctx context.Context, scope auth.Scope, id, other store.ID) (*Ticket, error) {
	ticket, linked, err := d.linkOf(ctx, scope, id, other)
	if err != nil {
		return nil, err
	}
	link := newTicketLink(ticket.ID, linked.ID, d.now())
	known, err := d.store.Count(ctx, TicketLinks.Collection, store.Eq("_id", link.ID))
	if err != nil {
		return nil, fmt.Errorf("cannot find a link of tickets: %w", err)
	}
	if known > 0 {
		return ticket, nil
	}
	if err := d.mayLinkMore(ctx, "input.id", ticket.ID); err != nil {
		return nil, err
	}
	if err := d.mayLinkMore(ctx, "input.otherId", linked.ID); err != nil {
		return nil, err
	}
	if err := d.insertLink(ctx, link); err != nil {
		return nil, err
	}
	return d.followLink(ctx, scope, link, ticket.ID)
}

// followLink moves a new link if one of its tickets was merged while it was written, too late for moveLinks to find it. It returns the
// ticket with that id, or the one that it was merged into.
func (d *DB) followLink(ctx context.Context, scope auth.Scope, link *TicketLink, id store.ID) (*Ticket, error) {
	current, err := d.CurrentTickets(ctx, d.Tickets, scope, []store.ID{link.OneID, link.OtherID})
	if err != nil {
		return nil, err
	}
	for from, into := range current {
		if into.ID != from {
			if err := d.moveLinks(ctx, from, into.ID); err != nil {
				return nil, err
			}
		}
	}
	if current[id] == nil {
		return nil, d.Tickets.NotFound()
	}
	return current[id], nil
}

// mayLinkMore returns an error, which names the path of the ticket's id, if the ticket has as many links as it may have.
func (d *DB) mayLinkMore(ctx context.Context, path string, ticket store.ID) error {
	has, err := d.store.Count(ctx, TicketLinks.Collection, store.Or(store.Eq("one_id", ticket), store.Eq("other_id", ticket)))
	if err != nil {
		return fmt.Errorf("cannot count links of a ticket: %w", err)
	}
	if has >= maxLinks {
		return store.FieldError(store.BadInput, path, "has %d links, and may not have more", maxLinks)
	}
	return nil
}

// insertLink writes a link, unless the tickets are linked already.
func (d *DB) insertLink(ctx context.Context, link *TicketLink) error {
	err := d.store.Insert(ctx, TicketLinks.Collection, link)
	if err != nil && store.CodeOf(err) != store.Conflict {
		return fmt.Errorf("cannot link tickets: %w", err)
	}
	return nil
}

// removeLink removes a link, unless that has been done.
func (d *DB) removeLink(ctx context.Context, link store.ID) error {
	err := d.store.Delete(ctx, TicketLinks.Collection, link, store.Filter{})
	if err != nil && store.CodeOf(err) != store.NotFound {
		return fmt.Errorf("cannot remove a link of tickets: %w", err)
	}
	return nil
}

// UnlinkTickets takes back what LinkTickets said, and returns the first ticket.
func (d *DB) UnlinkTickets(ctx context.Context, scope auth.Scope, id, other store.ID) (*Ticket, error) {
	ticket, linked, err := d.linkOf(ctx, scope, id, other)
	if err != nil {
		return nil, err
	}
	link := newTicketLink(ticket.ID, linked.ID, time.Time{})
	if err := d.removeLink(ctx, link.ID); err != nil {
		return nil, err
	}
	return ticket, nil
}

// linkOf returns the two tickets of a link, or those that they were merged into.
func (d *DB) linkOf(ctx context.Context, scope auth.Scope, id, other store.ID) (ticket, linked *Ticket, err error) {
	tickets, err := d.CurrentTickets(ctx, d.Tickets, scope, []store.ID{id, other})
	switch {
	case err != nil:
		return nil, nil, err
	case tickets[id] == nil:
		return nil, nil, atField("input.id", d.Tickets.NotFound())
	case tickets[other] == nil:
		return nil, nil, atField("input.otherId", d.Tickets.NotFound())
	case !scope.IsStaff():
		return nil, nil, store.Errorf(store.Forbidden, "only staff may link tickets")
	case tickets[id].ID == tickets[other].ID:
		return nil, nil, store.FieldError(store.BadInput, "input.otherId", "must be another ticket")
	}
	return tickets[id], tickets[other], nil
}

func newTicketLink(one, other store.ID, createdAt time.Time) *TicketLink {
	if one.String() > other.String() {
		one, other = other, one
	}
	return &TicketLink{
		ID: store.DerivedID("ticket link", one.String(), other.String()), OneID: one, OtherID: other, CreatedAt: createdAt,
	}
}

// moveLinks links what a merged ticket is linked with to the one that it was merged into, which may have more than maxLinks then.
func (d *DB) moveLinks(ctx context.Context, from, into store.ID) error {
	var links []*TicketLink
	where := store.Or(store.Eq("one_id", from), store.Eq("other_id", from))
	err := d.store.Find(ctx, TicketLinks.Collection, store.Query{Where: where}, func() store.Document {
		links = append(links, new(TicketLink))
		return links[len(links)-1]
	})
	if err != nil {
		return fmt.Errorf("cannot find links of a merged ticket: %w", err)
	}
	for _, link := range links {
		other := link.OneID
		if other == from {
			other = link.OtherID
		}
		if other != into {
			if err := d.insertLink(ctx, newTicketLink(into, other, link.CreatedAt)); err != nil {
				return err
			}
		}
		if err := d.removeLink(ctx, link.ID); err != nil {
			return err
		}
	}
	return nil
}
