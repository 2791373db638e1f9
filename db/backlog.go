package db

import (
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/store"
)

// Backlog is what the server has still to do, and how long that has waited, for operators.
type Backlog struct {
	// LastSeq is the position of the newest event in the log.
	LastSeq int
	// UnplannedSince is when the oldest event happened for which it isn't yet decided who is notified; nil if there is none.
	UnplannedSince *time.Time
	// Mail is how sending mail is going.
	Mail *MailHealth
	// PendingSince is since when the oldest message waits that isn't sent yet; nil if there is none.
	PendingSince *time.Time
	// Sessions is the number of log-ins that haven't expired.
	Sessions int
}

// oldestOf is how many pending messages are searched for the oldest one, beginning with those that are due first. No index has
// the pending ones by age.
const oldestOf = 1000

// Backlog returns what the server has still to do.
func (d *DB) Backlog(ctx context.Context) (*Backlog, error) {
	b := new(Backlog)
	var err error
	if b.LastSeq, err = d.Log.Newest(ctx); err != nil {
		return nil, err
	}
	events, err := d.Log.Find(ctx, store.Eq("planned", false), 0, 1, store.Events.Select("at"))
	if err != nil {
		return nil, err
	}
	for _, event := range events {
		b.UnplannedSince = &event.At
	}
	if b.Mail, err = d.MailHealth(ctx, auth.SystemScope()); err != nil {
		return nil, err
	}
	if b.PendingSince, err = d.pendingSince(ctx); err != nil {
		return nil, err
	}
	b.Sessions, err = d.store.Count(ctx, Sessions.Collection, store.Compare(store.OpGt, "expires_at", d.now()))
	if err != nil {
		return nil, fmt.Errorf("cannot count sessions: %w", err)
	}
	return b, nil
}

func (d *DB) pendingSince(ctx context.Context) (oldest *time.Time, err error) {
	pending, err := d.deliveries.Find(ctx, store.Query{
		Where:  store.Eq("status", string(DeliveryPending)),
		Sort:   []store.Sort{{Field: "next_attempt_at"}, {Field: "_id"}},
		Fields: Deliveries.Select("created_at"), Limit: oldestOf,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find pending deliveries: %w", err)
	}
	for _, delivery := range pending {
		if oldest == nil || delivery.CreatedAt.Before(*oldest) {
			oldest = &delivery.CreatedAt
		}
	}
	return oldest, nil
}
