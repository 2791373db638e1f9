package notify

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/eventlog"
	"crm/db/store"
)

const (
	// soon is the pause before a claim that failed because of a delivery that another worker is looking at.
	soon = 50 * time.Millisecond
	// longestWait is how long a delivery waits for an earlier one before it looks again, in case the process that should
	// have hastened it was killed.
	longestWait = time.Minute
)

// decision is what to do with a claimed delivery.
type decision struct {
	// instead is what becomes of it instead of being sent; nil if it is to be sent.
	instead *outcome
}

// postponed returns the decision to look at a delivery again later.
func postponed(write func(context.Context) error) decision { return decision{&outcome{settle: write}} }

// decide decides whether a claimed delivery may be sent now.
func (d *dispatcher) decide(ctx context.Context, delivery *db.Delivery) (decision, error) {
	related, err := d.db.RelatedDeliveries(ctx, delivery)
	if err != nil {
		return decision{}, err
	}
	if later := d.composer.successor(delivery, related); later != nil {
		return d.supersede(ctx, delivery, later)
	}
	for _, other := range related {
		switch {
		case other.Status != db.DeliveryPending:
		case other.Before(delivery):
			pointless := d.composer.successor(other, append(slices.Clone(related), delivery)) != nil
			return postponed(func(ctx context.Context) error { return d.waitFor(ctx, delivery, other, pointless) }), nil
		case delivery.Before(other) && !other.Lease.IsZero(): // it may be on its way, if this one is sent again
			return d.retrySoon(delivery), nil
		}
	}
	return decision{}, nil
}

// retrySoon returns the decision to look at a delivery again in a moment.
func (d *dispatcher) retrySoon(delivery *db.Delivery) decision {
	return postponed(func(ctx context.Context) error { return d.db.PostponeDelivery(ctx, delivery, time.Now().Add(soon)) })
}

// waitFor postpones a delivery until an earlier one is probably settled. Whoever settles that hastens this one. An earlier one
// that has become pointless is settled at once, however long it would have waited.
func (d *dispatcher) waitFor(ctx context.Context, delivery, earlier *db.Delivery, pointless bool) error {
	now := time.Now()
	until := earlier.NextAttemptAt.Add(time.Millisecond)
	if until.Before(now) {
		until = now.Add(soon)
	} else if until.After(now.Add(longestWait)) {
		until = now.Add(longestWait)
	}
	if err := d.db.PostponeDelivery(ctx, delivery, until); err != nil {
		return err
	}
	if pointless {
		if err := d.db.HastenDelivery(ctx, earlier); err != nil {
			return err
		}
	}
	// The earlier one may have been settled before this one could be hastened.
	related, err := d.db.RelatedDeliveries(ctx, delivery)
	if err != nil {
		return err
	}
	settled := !slices.ContainsFunc(related, func(other *db.Delivery) bool {
		return other.Status == db.DeliveryPending && other.Before(delivery)
	})
	if settled {
		return d.db.HastenDelivery(ctx, delivery)
	}
	return nil
}

// supersede returns the decision to drop a delivery in favour of a later one, which takes over what it has to tell. If that one
// had failed, or was cancelled or kept, it is tried again in the place of the dropped one.
func (d *dispatcher) supersede(ctx context.Context, delivery, later *db.Delivery) (decision, error) {
	if later.Status != db.DeliverySent {
		err := d.composer.merge(ctx, delivery, later)
		if store.CodeOf(err) == store.NotFound { // claimed or sent meanwhile
			return d.retrySoon(delivery), nil
		}
		if err != nil {
			return decision{}, err
		}
	}
	d.log.Info("mail superseded", "delivery", delivery.ID.String(), "by", later.ID.String())
	return decision{&outcome{ResultSuperseded, func(ctx context.Context) error {
		if later.Status != db.DeliverySent && later.Status != db.DeliveryPending {
			if err := d.db.RetryDelivery(ctx, later); err != nil {
				return err
			}
		}
		err := d.db.SupersedeDelivery(ctx, delivery, later.ID)
		if err == nil {
			d.hasten(ctx, delivery)
		}
		return err
	}}}, nil
}

// merge rewrites a later delivery so that it also tells what an earlier one has to tell. It is NOT_FOUND if the later one can't
// be changed any more.
func (c *composer) merge(ctx context.Context, earlier, later *db.Delivery) error {
	_, first := c.newsOf(earlier)
	_, last := c.newsOf(later)
	news, changed := merged(first, last), later.Changed
	if news == newsUpdated {
		changed = mergedFields(earlier.Changed, later.Changed)
	}
	if news == last && changed == later.Changed {
		return nil
	}
	event, err := c.db.EventByID(ctx, later.EventID)
	if store.CodeOf(err) == store.NotFound {
		return nil // its document was deleted long ago, so the texts stay as they are
	}
	if err != nil {
		return err
	}
	found, err := c.db.Deliveries.ByID(ctx, auth.SystemScope(), []store.ID{later.ID})
	if err != nil {
		return err
	}
	rewritten := found[later.ID]
	if rewritten == nil {
		return c.db.Deliveries.NotFound()
	}
	rewritten.News, rewritten.Changed = news, changed
	if err := c.rewrite(ctx, rewritten, event); err != nil {
		return err
	}
	return c.db.RewriteDelivery(ctx, later, rewritten)
}

// rewrite writes the texts of a delivery anew, for its news.
func (c *composer) rewrite(ctx context.Context, delivery *db.Delivery, event *store.Event) error {
	d, err := c.draft(event)
	if err != nil {
		return err
	}
	about, err := c.mailContext(ctx, []*draft{d})
	if err != nil {
		return err
	}
	topic, _ := c.newsOf(delivery)
	return c.write(delivery, d, about, topic)
}

// hasten makes the delivery due that may have waited for this one. If that fails, that one becomes due somewhat later.
func (d *dispatcher) hasten(ctx context.Context, delivery *db.Delivery) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.settings.settleTime)
	defer cancel()
	if _, err := eventlog.Guard(func() (any, error) { return nil, d.db.HastenLater(ctx, delivery) }); err != nil {
		d.log.Warn("cannot hasten the next delivery", slog.Any("error", err), eventlog.StackOf(err))
	}
}
