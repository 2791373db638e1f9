package db

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// TicketView is what a ticket is to one account: how far it has been read, and the draft of a message. Only that account sees it, and
// nobody is told of its changes. Its id is derived from both.
type TicketView struct {
	ID         store.ID  `db:"_id"`
	TicketID   store.ID  `db:"ticket_id" belongs:"Ticket,cascade"`
	UserID     *store.ID `db:"user_id" belongs:"User,cascade"`
	CustomerID *store.ID `db:"customer_id" belongs:"Customer,cascade"`
	// SeenUntil is when the last message was written that the account has seen, or the request. Nil if it has seen nothing.
	SeenUntil *time.Time `db:"seen_until"`
	// DraftText is nil if there is no draft.
	DraftText       *string           `db:"draft_text,personal"`
	DraftVisibility MessageVisibility `db:"draft_visibility" default:"internal" values:"public internal"`
	DraftedAt       *time.Time        `db:"drafted_at"`
}

// TicketViews declares what tickets are to accounts. They are written whenever somebody reads or types.
var TicketViews = entity.Declare(entity.Declaration[TicketView]{
	Name: "ticket_views", Noun: "view of a ticket",
	Visible:  []entity.Grant{entity.ToUser("user_id"), entity.ToCustomer("customer_id")},
	Volatile: true,
	Indexes: []store.Index{
		{Name: "ticket_views_ticket", Keys: []store.Key{{Field: "ticket_id"}}},
		{Name: "ticket_views_user", Keys: []store.Key{{Field: "user_id"}}},
		{Name: "ticket_views_customer", Keys: []store.Key{{Field: "customer_id"}}},
	},
})

// TicketDraft is an unfinished message.
type TicketDraft struct {
	Body       string
	Visibility MessageVisibility
	UpdatedAt  time.Time
}

func viewID(scope auth.Scope, ticket store.ID) store.ID {
	return store.DerivedID("ticket view", string(auth.AccountKey(scope.Role, scope.Account)), ticket.String())
}

// newTicketView returns an empty view of a ticket by the scope's account.
func newTicketView(scope auth.Scope, ticket store.ID) *TicketView {
	view, account := &TicketView{ID: viewID(scope, ticket), TicketID: ticket, DraftVisibility: MessageInternal}, store.ID(scope.Account)
	if scope.IsStaff() {
		view.UserID = &account
	} else {
		view.CustomerID = &account
	}
	return view
}

// scope returns the scope of the account whose view it is, as far as views are concerned.
func (v *TicketView) scope() auth.Scope {
	if v.UserID != nil {
		return auth.Scope{Role: auth.User, Account: *v.UserID}
	}
	return auth.Scope{Role: auth.Customer, Account: *v.CustomerID}
}

// viewsWithDrafts returns the views of a ticket by the accounts that have a draft on it.
func (d *DB) viewsWithDrafts(ctx context.Context, ticket store.ID) ([]*TicketView, error) {
	return entity.Find[TicketView](ctx, d.store, TicketViews.Collection, store.Query{
		Where: store.And(store.Eq("ticket_id", ticket), store.Not(store.IsNull("draft_text"))),
	})
}

// viewsOf returns the scope's views of tickets, by ticket.
func (d *DB) viewsOf(ctx context.Context, scope auth.Scope, tickets []store.ID) (map[store.ID]*TicketView, error) {
	ids := make([]store.ID, len(tickets))
	for i, ticket := range tickets {
		ids[i] = viewID(scope, ticket)
	}
	found, err := entity.Find[TicketView](ctx, d.store, TicketViews.Collection, store.Query{Where: store.In("_id", ids)})
	if err != nil {
		return nil, err
	}
	views := make(map[store.ID]*TicketView, len(found))
	for _, view := range found {
		views[view.TicketID] = view
	}
	return views, nil
}

// Drafts returns the drafts of the scope's account on tickets, by ticket.
func (d *DB) Drafts(ctx context.Context, scope auth.Scope, tickets []store.ID) (map[store.ID]*TicketDraft, error) {
	views, err := d.viewsOf(ctx, scope, tickets)
	if err != nil {
		return nil, err
	}
	drafts := make(map[store.ID]*TicketDraft)
	for ticket, view := range views {
		if view.DraftText != nil && view.DraftedAt != nil {
			drafts[ticket] = &TicketDraft{Body: *view.DraftText, Visibility: view.DraftVisibility, UpdatedAt: *view.DraftedAt}
		}
	}
	return drafts, nil
}

// Unread returns which of these tickets somebody else has written on last, unless the scope's account has seen that. It takes two
// calls to the store.
func (d *DB) Unread(ctx context.Context, scope auth.Scope, tickets []*Ticket) (map[store.ID]bool, error) {
	ids := make([]store.ID, len(tickets))
	for i, ticket := range tickets {
		ids[i] = ticket.ID
	}
	views, err := d.viewsOf(ctx, scope, ids)
	if err != nil {
		return nil, err
	}
	one := 1
	messages := d.TicketMessages.Only(TicketMessages.Select("author_id", "customer_id", "external_email", "created_at"))
	last, err := messages.PagesOf(ctx, scope, "ticket_id", ids, entity.List{Last: &one})
	if err != nil {
		return nil, err
	}
	unread := make(map[store.ID]bool, len(tickets))
	for _, ticket := range tickets {
		seen := views[ticket.ID]
		if page := last[ticket.ID]; len(page.Items) > 0 {
			unread[ticket.ID] = !page.Items[0].isBy(scope) && !seen.covers(page.Items[0].CreatedAt)
			continue
		}
		// A ticket that the staff raised has no such time, nor has one of an earlier version.
		request := ticket.LastCustomerMessageAt
		unread[ticket.ID] = scope.IsStaff() && request != nil && !seen.covers(*request)
	}
	return unread, nil
}

// covers reports whether the account has seen what was written at that time; v may be nil.
func (v *TicketView) covers(written time.Time) bool {
	return v != nil && v.SeenUntil != nil && !v.SeenUntil.Before(written)
}
