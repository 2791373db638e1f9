package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crm/db/eventlog"
	"crm/db/store"
)

// Deliveries are kept for as long as somebody may ask about them. An entity's events are kept while it exists, and after
// its deletion for Options.EventRetention.
const (
	deliveryRetention     = 90 * 24 * time.Hour
	mailRetention         = 90 * 24 * time.Hour // of what is known of mail that nothing followed from
	signUpRetention       = 7 * 24 * time.Hour  // of mail to an address that has no account
	defaultEventRetention = 400 * 24 * time.Hour
)

// MinEventRetention is the shortest Options.EventRetention: subscribers may resume for as long.
const MinEventRetention = eventlog.ResumeWindow

// sweepBatch is the number of documents that are read or removed at a time.
const sweepBatch = 500

// Sweeper removes old data. It must be used by one goroutine at a time.
type Sweeper struct {
	db *DB
	// walked is the seq up to which the log has been searched for old deletions.
	walked int
	// claimed are the claimed deliveries that the last call found to be due much too late, and when.
	claimed map[store.ID]time.Time
}

// NewSweeper returns a sweeper that begins at the start of the log.
func (d *DB) NewSweeper() *Sweeper { return &Sweeper{db: d} }

// Sweep removes log-in attempts, expired links, sessions and uploads, files without an attachment, old security events, settled deliveries
// and records of mail that nothing followed from, and the events of entities that were deleted long ago.
func (s *Sweeper) Sweep(ctx context.Context) error {
	now := s.db.now()
	old := func(field string, age time.Duration) store.Filter {
		return store.Compare(store.OpLt, field, now.Add(-age))
	}
	for _, job := range []struct {
		c     *store.Collection
		where store.Filter
	}{
		{LoginAttempts.Collection, old("at", longestWindow)},
		{AccountLinks.Collection, old("expires_at", 0)},
		{Sessions.Collection, old("expires_at", 0)},
		{KnownNetworks.Collection, old("used_at", knownNetworkLife)},
		{SecurityEvents.Collection, old("created_at", securityEventRetention)},
		{ReceivedMails.Collection, store.And(store.IsNull("ticket_id"), old("created_at", mailRetention))},
		{Deliveries.Collection, store.And(store.Compare(store.OpNe, "status", string(DeliveryPending)), old("created_at", deliveryRetention))},
		{Deliveries.Collection, store.And(store.Compare(store.OpNe, "status", string(DeliveryPending)), old("created_at", signUpRetention),
			store.Eq("account", ""), store.Eq("event_type", EventAccountLinkCreated))},
	} {
		if _, err := s.db.purge(ctx, job.c, job.where); err != nil {
			return err
		}
	}
	// Events are swept even if the files can't be reached.
	return errors.Join(s.hastenMisdated(ctx, now), s.db.sweepUploads(ctx), s.sweepEvents(ctx, now))
}

// sweepEvents removes the events of the entities that were deleted longer ago than events are kept. It reads the log up to that time,
// and the next call continues from there.
func (s *Sweeper) sweepEvents(ctx context.Context, now time.Time) error {
	before := now.Add(-s.db.options.EventRetention)
	newest, err := s.db.Log.Newest(ctx)
	if err != nil {
		return err
	}
	for {
		events, err := s.db.Log.Find(ctx, store.Filter{}, s.walked, sweepBatch, store.Events.Select("seq", "type", "entity_id", "at"))
		if err != nil {
			return err
		}
		var ended []store.ID
		walked := s.walked
		for _, event := range events {
			if event.At.After(now) { // the clock was ahead; what comes after it must not wait until then
				walked = event.Seq
				continue
			}
			if !event.At.Before(before) {
				break
			}
			walked = event.Seq
			if endsEntity(event) {
				ended = append(ended, event.Entity)
			}
		}
		if len(ended) > 0 {
			// The newest event stays, because the next seq is derived from it.
			where := store.And(store.In("entity_id", ended), store.Eq("planned", true), store.Compare(store.OpLt, "seq", newest))
			if _, err := s.db.purge(ctx, store.Events, where); err != nil {
				return err
			}
		}
		s.walked = walked
		if len(events) < sweepBatch || walked < events[len(events)-1].Seq {
			return nil
		}
	}
}

// endsEntity reports whether the event is the last one of its entity. Deliveries, links and security events are removed without an event.
func endsEntity(event *store.Event) bool {
	def, _ := catalog.ByEvent(event.Type)
	return def == nil || def == Deliveries || def == AccountLinks || def == SecurityEvents || IsDeletion(event.Type)
}

// purge removes all documents that match, and returns how many it removed.
func (d *DB) purge(ctx context.Context, c *store.Collection, where store.Filter) (total int, err error) {
	for {
		removed, err := d.store.Purge(ctx, c, where, sweepBatch)
		total += removed
		if err != nil {
			return total, fmt.Errorf("cannot purge %s: %w", c.Name, err)
		}
		if removed < sweepBatch {
			return total, nil
		}
	}
}

// longestPause is more than any delivery waits for: for its next attempt, for an earlier one, or for the end of its lease.
const longestPause = 12 * time.Hour

// hastenMisdated makes the deliveries due that wait for longer than any does: a clock that was ahead has postponed them, and they
// would be sent when the right one gets there. Those that are claimed may be on their way, so they become due only at the next call, unless
// the lease has been renewed until then.
func (s *Sweeper) hastenMisdated(ctx context.Context, now time.Time) error {
	defer s.db.WakeDue()
	claimed := make(map[store.ID]time.Time)
	query := store.Query{
		Where: store.And(store.Eq("status", string(DeliveryPending)), store.Compare(store.OpGt, "next_attempt_at", now.Add(longestPause))),
		Sort:  []store.Sort{{Field: "next_attempt_at"}, {Field: "_id"}}, Limit: sweepBatch, Fields: Deliveries.Select("lease", "next_attempt_at"),
	}
	for {
		found, err := s.db.deliveries.Find(ctx, query)
		if err != nil {
			return fmt.Errorf("cannot find deliveries with a wrong time: %w", err)
		}
		for _, delivery := range found {
			if !delivery.Lease.IsZero() && !s.claimed[delivery.ID].Equal(delivery.NextAttemptAt) {
				claimed[delivery.ID] = delivery.NextAttemptAt
				continue
			}
			unchanged := store.And(store.Eq("lease", delivery.Lease), store.Eq("next_attempt_at", delivery.NextAttemptAt))
			due := []store.Assignment{{Field: "next_attempt_at", Value: now}}
			if err := ignoreNotFound(s.db.deliveries.Assign(ctx, delivery.ID, unchanged, due)); err != nil {
				return fmt.Errorf("cannot hasten delivery %s: %w", delivery.ID, err)
			}
		}
		if len(found) < sweepBatch {
			s.claimed = claimed
			return nil
		}
		last := found[len(found)-1]
		query.After = []any{last.NextAttemptAt, last.ID}
	}
}
