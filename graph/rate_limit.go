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
	// budgetShards is the number of shards of the budgets, each with its own lock.
	budgetShards = 16
	// budgetsPerShard bounds the memory to about 10 MB: if a minute has more keys, the others are not counted.
	budgetsPerShard = 8_192
)

// budgets limits the cost that each viewer spends. A budget refills evenly over a minute.
type budgets struct {
	perMinute int
	seed      maphash.Seed
	// start is the origin of all times.
	start  time.Time
	shards [budgetShards]budgetShard
}

type budgetShard struct {
	mutex sync.Mutex
	// full maps keys to the times when their budgets will be full again. Keys with full budgets need no entry.
	full map[rateLimitKey]time.Duration
	// swept is the time when keys with full budgets were last removed.
	swept time.Duration
}

// rateLimitKey identifies a budget by account or API key, or by address for anonymous requests.
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

// charge takes an operation's cost from the viewer's budget. It returns an error if too little is left.
func (b *budgets) charge(ctx context.Context, operation *graphql.OperationContext, cost int) *store.Error {
	viewer, _ := auth.ViewerFrom(ctx)
	left := b.spend(rateLimitKeyOf(viewer), cost, time.Since(b.start))
	transport.SetRateLimit(operation, left)
	if left.RetryAfter == 0 {
		return nil
	}
	err := store.Errorf(
		store.RateLimited, "the operation costs %d, and %d of %d per minute are left; try again later", cost, left.Remaining, b.perMinute,
	)
	err.RetryAfter = left.RetryAfter
	return err
}

// spend takes cost from the key's budget if enough is left; now is the time since start. An operation that costs more
// than a whole budget takes all of it.
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

// remaining returns what is left of a budget that will be full after untilFull.
func (b *budgets) remaining(untilFull time.Duration) int {
	return int(math.Round((1 - float64(untilFull)/float64(time.Minute)) * float64(b.perMinute)))
}

// hasRoom reports whether there is room for another key. If necessary it removes keys with full budgets, at most once a
// second: with very many keys that takes longer than the requests themselves.
func (s *budgetShard) hasRoom(now time.Duration) bool {
	if len(s.full) >= budgetsPerShard && now-s.swept >= time.Second {
		s.swept = now
		maps.DeleteFunc(s.full, func(_ rateLimitKey, full time.Duration) bool { return full <= now })
	}
	return len(s.full) < budgetsPerShard
}

// rateLimitKeyOf returns the key of the budget that a viewer spends.
func rateLimitKeyOf(viewer auth.Viewer) rateLimitKey {
	if viewer.Key {
		return rateLimitKey{account: viewer.Session}
	}
	if viewer.LoggedIn() {
		return rateLimitKey{account: viewer.Account}
	}
	return rateLimitKey{address: auth.Network(viewer.Address)}
}
