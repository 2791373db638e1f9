package graph

import (
	"context"
	"hash/maphash"
	"maps"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"crm/auth"
	"crm/db/store"
	"crm/graph/transport"
)

const (
	// budgetShards is how many parts the budgets are in, each with its lock.
	budgetShards = 16
	// budgetsPerShard bounds the memory, at some 10 MB: beyond so many keys within a minute, further ones are not counted.
	budgetsPerShard = 8_192
)

// budgets counts what each viewer spends: each has a budget that fills up again within a minute, evenly.
type budgets struct {
	perMinute int
	seed      maphash.Seed
	// start is what times count from.
	start  time.Time
	shards [budgetShards]budgetShard
}

type budgetShard struct {
	mutex sync.Mutex
	// full says when each key's budget is full again; a key whose budget is full already need not be kept.
	full map[rateLimitKey]time.Duration
	// swept is when those that were full were last removed.
	swept time.Duration
}

// rateLimitKey says whose budget it is: an account, or the address of those who are not logged in.
type rateLimitKey struct {
	account auth.ID
	address netip.Prefix
}

func newBudgets(perMinute int) *budgets {
	b := &budgets{perMinute: perMinute, seed: maphash.MakeSeed(), start: time.Now()}
	for i := range b.shards {
		b.shards[i].full = map[rateLimitKey]time.Duration{}
	}
	return b
}

// charge takes an operation's cost from the viewer's budget. It returns an error if too little is left in it.
func (b *budgets) charge(ctx context.Context, operation *graphql.OperationContext, cost int) *store.Error {
	viewer, _ := auth.ViewerFrom(ctx)
	left := b.spend(rateLimitKeyOf(viewer), cost, time.Since(b.start))
	transport.SetRateLimit(operation, left)
	if left.RetryAfter == 0 {
		return nil
	}
	err := store.Errorf(
		store.RateLimited, "the operation costs %d, and %d of %d a minute are left; try again later", cost, left.Remaining, b.perMinute,
	)
	err.RetryAfter = left.RetryAfter
	return err
}

// spend takes cost from the key's budget if there is enough in it; now is the time since the start. An operation
// that costs more than a whole budget takes all of it.
func (b *budgets) spend(key rateLimitKey, cost int, now time.Duration) transport.RateLimit {
	cost = min(cost, b.perMinute)
	shard := &b.shards[maphash.Comparable(b.seed, key)%budgetShards]
	shard.mutex.Lock()
	defer shard.mutex.Unlock()
	known, isKnown := shard.full[key]
	full := max(known, now)
	after := full + time.Duration(float64(cost)/float64(b.perMinute)*float64(time.Minute))
	if after > now+time.Minute {
		return transport.RateLimit{
			Limit: b.perMinute, Remaining: b.remaining(full - now), Reset: full - now, RetryAfter: max(after-now-time.Minute, 1),
		}
	}
	if isKnown || shard.hasRoom(now) {
		shard.full[key] = after
	}
	return transport.RateLimit{Limit: b.perMinute, Remaining: b.remaining(after - now), Reset: after - now}
}

// remaining returns what is left of a budget that is full after a time.
func (b *budgets) remaining(untilFull time.Duration) int {
	return int(math.Round((1 - float64(untilFull)/float64(time.Minute)) * float64(b.perMinute)))
}

// hasRoom reports whether another key may be kept. If need be it forgets those whose budgets are full, once a
// second at most: with very many keys it would take longer than the requests themselves.
func (s *budgetShard) hasRoom(now time.Duration) bool {
	if len(s.full) >= budgetsPerShard && now-s.swept >= time.Second {
		s.swept = now
		maps.DeleteFunc(s.full, func(_ rateLimitKey, full time.Duration) bool { return full <= now })
	}
	return len(s.full) < budgetsPerShard
}

// rateLimitKeyOf returns the key of the budget that a viewer spends.
func rateLimitKeyOf(viewer auth.Viewer) rateLimitKey {
	if viewer.LoggedIn() {
		return rateLimitKey{account: viewer.Account}
	}
	return rateLimitKey{address: auth.Network(viewer.Address)}
}
