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
	// budgetsPerShard bounds the memory, at some 10 MB: beyond so many spenders within a minute, further ones are not counted.
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
	// full says when each spender's budget is full again; one whose is full already need not be known.
	full map[spender]time.Duration
	// swept is when those that were full were last removed.
	swept time.Duration
}

// spender is an account, or the address of those who are not logged in.
type spender struct {
	account auth.ID
	address netip.Prefix
}

func newBudgets(perMinute int) *budgets {
	b := &budgets{perMinute: perMinute, seed: maphash.MakeSeed(), start: time.Now()}
	for i := range b.shards {
		b.shards[i].full = map[spender]time.Duration{}
	}
	return b
}

// charge takes an operation's cost from the viewer's budget. It returns an error if the budget is spent.
func (b *budgets) charge(ctx context.Context, operation *graphql.OperationContext, cost int) *store.Error {
	viewer, _ := auth.ViewerFrom(ctx)
	left := b.spend(spenderOf(viewer), cost, time.Since(b.start))
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

// spend takes cost from the spender's budget if there is enough in it; now is the time since the start. An operation
// that costs more than a whole budget takes all of it.
func (b *budgets) spend(who spender, cost int, now time.Duration) transport.RateLimit {
	cost = min(cost, b.perMinute)
	shard := &b.shards[maphash.Comparable(b.seed, who)%budgetShards]
	shard.mutex.Lock()
	defer shard.mutex.Unlock()
	known, isKnown := shard.full[who]
	full := max(known, now)
	after := full + time.Duration(float64(cost)/float64(b.perMinute)*float64(time.Minute))
	if after > now+time.Minute {
		return transport.RateLimit{
			Limit: b.perMinute, Remaining: b.remaining(full - now), Reset: full - now, RetryAfter: max(after-now-time.Minute, 1),
		}
	}
	if isKnown || shard.hasRoom(now) {
		shard.full[who] = after
	}
	return transport.RateLimit{Limit: b.perMinute, Remaining: b.remaining(after - now), Reset: after - now}
}

// remaining returns what is left of a budget that is full after a time.
func (b *budgets) remaining(untilFull time.Duration) int {
	return int(math.Round((1 - float64(untilFull)/float64(time.Minute)) * float64(b.perMinute)))
}

// hasRoom reports whether another spender may be known. If need be it forgets those whose budgets are full, once a
// second at most: with very many spenders it would take longer than the requests themselves.
func (s *budgetShard) hasRoom(now time.Duration) bool {
	if len(s.full) >= budgetsPerShard && now-s.swept >= time.Second {
		s.swept = now
		maps.DeleteFunc(s.full, func(_ spender, full time.Duration) bool { return full <= now })
	}
	return len(s.full) < budgetsPerShard
}

// spenderOf returns whose budget a viewer spends.
func spenderOf(viewer auth.Viewer) spender {
	if viewer.LoggedIn() {
		return spender{account: viewer.Account}
	}
	return spender{address: auth.Network(viewer.Address)}
}
