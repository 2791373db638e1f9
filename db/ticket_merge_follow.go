package db

import (
	"cmp"
	"context"
	"slices"
	"time"

	"crm/auth"
	"crm/db/store"
)

// A merge concerns two tickets and many messages. As with replies (ticket_conversation.go), one write decides, that of the TicketMerge,
// and what follows is written afterwards, by the request or else by the planner of its event. All of it may be interrupted and repeated:
// a ticket contains the position up to which merges into it have been applied, and the messages that a merged ticket still has are
// those that haven't moved. Those that have get positions below zero, because they have been applied to their former ticket.

// applyMerge gives two tickets what follows from a merge, as far as that hasn't happened. The merged ticket is the last one to be written:
// if it has changed since it was read, the other one gets again what follows from it.
func (d *DB) applyMerge(ctx context.Context, actor auth.Scope, merge *TicketMerge) error {
	for range writeTries {
		from, err := d.tickets.Get(ctx, auth.SystemScope(), merge.FromID)
		if err != nil {
			return ignoreNotFound(err)
		}
		if from.MergedIntoID != nil {
			_, err := d.applyMessages(ctx, actor, from.ID)
			return ignoreNotFound(err)
		}
		into, err := d.absorbMerge(ctx, actor, merge, merge.take(from))
		if err != nil {
			return ignoreNotFound(err) // both are deleted, or the other one remains as it was
		}
		if err := d.moveRequest(ctx, actor, from, into); err != nil {
			return err
		}
		_, err = d.tickets.Follow(ctx, actor, from.ID, func(next *Ticket) (string, error) {
			if next.MergedIntoID == nil && next.Version == from.Version {
				next.MergedIntoID = &merge.IntoID
				next.move(TicketClosed, merge.CreatedAt)
			}
			return verbMerged, nil
		})
		if err != nil {
			return ignoreNotFound(err)
		}
	}
	return store.Errorf(store.Conflict, "others are changing the ticket; try again")
}

// absorbMerge gives the other ticket what follows for it from the merges into it that haven't been applied, and from this one again if
// the merged ticket has changed since it was.
func (d *DB) absorbMerge(ctx context.Context, actor auth.Scope, merge *TicketMerge, again bool) (*Ticket, error) {
	return d.tickets.Follow(ctx, actor, merge.IntoID, func(next *Ticket) (string, error) {
		merges, err := d.ticketMerges.Find(ctx, store.Query{Where: store.And(
			store.Eq("into_id", next.ID), store.Compare(store.OpGt, "position", next.appliedMerges),
		)})
		slices.SortFunc(merges, func(a, b *TicketMerge) int { return cmp.Compare(a.Position, b.Position) })
		for _, merge := range merges {
			next.absorb(merge)
		}
		if again {
			next.reopenFor(merge)
			next.absorb(merge)
		}
		return verbMerged, err
	})
}

// take gives the merge the times of the merged ticket, and reports whether they are others than before.
func (m *TicketMerge) take(from *Ticket) (changed bool) {
	for _, taken := range []struct{ to, is **time.Time }{
		{&m.FirstRespondedAt, &from.FirstRespondedAt}, {&m.LastMessageAt, &from.LastMessageAt},
		{&m.LastCustomerMessageAt, &from.LastCustomerMessageAt}, {&m.WaitingSince, &from.WaitingSince},
	} {
		changed = changed || !store.SameValue(store.ValueAt(taken.to), store.ValueAt(taken.is))
		*taken.to = *taken.is
	}
	return changed
}

// reopenFor opens the ticket if its customer has written on one that is merged into it, and still waits, since that was decided. If
// somebody has moved the ticket after that, its status stays.
func (t *Ticket) reopenFor(m *TicketMerge) {
	written := m.LastCustomerMessageAt
	if m.WaitingSince == nil || written == nil || written.Before(m.CreatedAt) || t.Status == TicketInProgress || t.MergedIntoID != nil {
		return
	}
	if t.movedAt == nil || !t.movedAt.After(*written) {
		t.move(TicketOpen, *written)
	}
}

// absorb gives the ticket the times that follow from a merge into it.
func (t *Ticket) absorb(m *TicketMerge) {
	t.appliedMerges = max(t.appliedMerges, m.Position)
	t.LastMessageAt, t.LastCustomerMessageAt = later(t.LastMessageAt, m.LastMessageAt), later(t.LastCustomerMessageAt, m.LastCustomerMessageAt)
	t.FirstRespondedAt = earlier(t.FirstRespondedAt, m.FirstRespondedAt)
	if t.Status == TicketOpen || t.Status == TicketInProgress {
		t.WaitingSince = earlier(t.WaitingSince, m.WaitingSince)
	}
}

func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

// followMerge applies the merge that an event reports, unless that has happened already.
func (d *DB) followMerge(ctx context.Context, event *store.Event) error {
	if event.Type != EventTicketMergeCreated {
		return nil
	}
	data, err := DecodeEvent(event)
	merge, ok := data.Entity.(*TicketMerge)
	if err != nil || !ok {
		return nil //nolint:nilerr // an event that can't be decoded is reported by those who announce it
	}
	return d.applyMerge(ctx, auth.Scope{Role: auth.Role(event.ActorRole), Account: event.Actor}, merge)
}
