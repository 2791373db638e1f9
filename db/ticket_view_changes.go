package db

import (
	"context"
	"fmt"
	"slices"

	"crm/auth"
	"crm/db/store"
)

// MarkTicketSeen says that the scope's account has seen a ticket up to a message, or all of it if last is nil.
func (d *DB) MarkTicketSeen(ctx context.Context, scope auth.Scope, id store.ID, last *store.ID) (*Ticket, error) {
	ticket, err := d.CurrentTicket(ctx, d.Tickets, scope, id)
	if err != nil {
		return nil, err
	}
	id = ticket.ID
	until := ticket.CreatedAt
	if written := ticket.LastCustomerMessageAt; written != nil && last == nil && written.After(until) { // it may have been deleted since
		until = *written
	}
	if last != nil {
		message, err := d.TicketMessages.Single(ctx, scope, store.And(store.Eq("_id", *last), store.Eq("ticket_id", id)))
		if err != nil {
			return nil, atField("input.lastMessageId", err)
		}
		until = message.CreatedAt
	} else {
		message, err := d.lastMessage(ctx, visibleOn(scope, id))
		if err != nil {
			return nil, err
		}
		if message.CreatedAt.After(until) {
			until = message.CreatedAt
		}
	}
	view := newTicketView(scope, id)
	view.SeenUntil = &until
	further := store.Or(store.IsNull("seen_until"), store.Compare(store.OpLt, "seen_until", until))
	if err := d.writeView(ctx, view, further, "seen_until"); err != nil {
		return nil, err
	}
	return ticket, nil
}

// SaveDraft saves the unfinished message of the scope's account on a ticket that it sees.
func (d *DB) SaveDraft(ctx context.Context, scope auth.Scope, id store.ID, draft TicketDraft) (*TicketDraft, error) {
	var problems Problems
	draft.Body = problems.requiredText("body", draft.Body)
	if draft.Visibility == MessageInternal && !scope.IsStaff() {
		problems.Add("visibility", "must be PUBLIC: only staff write notes")
	}
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	ticket, err := d.CurrentTicket(ctx, d.Tickets, scope, id)
	if err != nil {
		return nil, err
	}
	draft.UpdatedAt = d.now()
	view := newTicketView(scope, ticket.ID)
	view.DraftText, view.DraftVisibility, view.DraftedAt = &draft.Body, draft.Visibility, &draft.UpdatedAt
	if err := d.writeView(ctx, view, store.Filter{}, "draft_text", "draft_visibility", "drafted_at"); err != nil {
		return nil, err
	}
	return &draft, nil
}

// DeleteDraft deletes the draft of the scope's account on a ticket that it sees, if there is one.
func (d *DB) DeleteDraft(ctx context.Context, scope auth.Scope, id store.ID) (*Ticket, error) {
	ticket, err := d.CurrentTicket(ctx, d.Tickets, scope, id)
	if err != nil {
		return nil, err
	}
	if err := d.clearDraft(ctx, viewID(scope, ticket.ID), store.Filter{}); err != nil {
		return nil, err
	}
	return ticket, nil
}

// moveDrafts moves the drafts on a ticket to another one, except those of accounts that have one there.
func (d *DB) moveDrafts(ctx context.Context, from, into store.ID) error {
	drafts, err := d.viewsWithDrafts(ctx, from)
	if err != nil || len(drafts) == 0 {
		return err
	}
	others, err := d.viewsWithDrafts(ctx, into)
	if err != nil {
		return err
	}
	for _, draft := range drafts {
		scope := draft.scope()
		view := newTicketView(scope, into)
		if slices.ContainsFunc(others, func(v *TicketView) bool { return v.ID == view.ID }) {
			continue
		}
		view.DraftText, view.DraftVisibility, view.DraftedAt = draft.DraftText, draft.DraftVisibility, draft.DraftedAt
		if err := d.writeView(ctx, view, store.IsNull("draft_text"), "draft_text", "draft_visibility", "drafted_at"); err != nil {
			return err
		}
		if err := d.clearDraft(ctx, draft.ID, store.Filter{}); err != nil {
			return err
		}
	}
	return nil
}

// deleteDraftOf deletes the draft of a message that was sent, unless its author has begun another one since. What came by mail had none.
// The time alone doesn't tell if a clock was ahead when the draft was saved.
func (d *DB) deleteDraftOf(ctx context.Context, message *TicketMessage) error {
	if message.Channel != ChannelAPI {
		return nil
	}
	author := auth.Scope{Role: auth.Customer, Account: message.CustomerID}
	if message.AuthorID != nil {
		author = auth.Scope{Role: auth.User, Account: *message.AuthorID}
	}
	return d.clearDraft(ctx, viewID(author, message.TicketID), store.And(
		store.Eq("draft_visibility", string(message.Visibility)),
		store.Or(store.Compare(store.OpLte, "drafted_at", message.CreatedAt), store.Eq("draft_text", message.BodyText)),
	))
}

func (d *DB) clearDraft(ctx context.Context, view store.ID, where store.Filter) error {
	err := d.store.Update(ctx, TicketViews.Collection, view, where, []store.Assignment{{Field: "draft_text"}, {Field: "drafted_at"}})
	if err != nil && store.CodeOf(err) != store.NotFound {
		return fmt.Errorf("cannot delete draft: %w", err)
	}
	return nil
}

// writeView writes fields of a view: those of the stored one, if that matches, or a new one.
func (d *DB) writeView(ctx context.Context, view *TicketView, where store.Filter, fields ...string) error {
	update := func() error {
		return d.store.Update(ctx, TicketViews.Collection, view.ID, where, TicketViews.Assignments(view, fields...))
	}
	err := update()
	if store.CodeOf(err) != store.NotFound {
		return err
	}
	err = d.store.Insert(ctx, TicketViews.Collection, view)
	if store.CodeOf(err) != store.Conflict {
		return err
	}
	if err = update(); store.CodeOf(err) == store.NotFound { // the stored one doesn't match
		return nil
	}
	return err
}
