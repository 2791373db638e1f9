package graph

import (
	"context"
	"hash/maphash"
	"maps"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"crm/auth"
	"crm/db/store"
)

const (
	// budgetShards is how many parts the budgets are in, each with its lock.
	budgetShards = 16
	// budgetsPerShard bounds the memory, at some 10 MB: beyond so many spenders within a minute, further ones are not counted.
	budgetsPerShard = 8_192
	// Names of headers, as net/http writes them.
	limitHeader     = "Ratelimit-Limit"
	remainingHeader = "Ratelimit-Remaining"
	resetHeader     = "Ratelimit-Reset"
	// spentExtension is under what name an operation's statistics have what it left of the budget.
	spentExtension = "budget"
)

// budgets counts what each viewer spends: each has a budget that fills up again within a minute, evenly.
type budgets struct {
	perMinute int
	// limit is the same as a text.
	limit string
	seed  maphash.Seed
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

// spending is what is left of a budget.
type spending struct {
	remaining int
	// reset is how long the budget takes to be full again.
	reset time.Duration
	// retryAfter is when a refused operation can be paid for; zero for one that is not refused.
	retryAfter time.Duration
}

func newBudgets(perMinute int) *budgets {
	b := &budgets{perMinute: perMinute, limit: strconv.Itoa(perMinute), seed: maphash.MakeSeed(), start: time.Now()}
	for i := range b.shards {
		b.shards[i].full = map[spender]time.Duration{}
	}
	return b
}

// charge takes an operation's cost from the viewer's budget. It returns an error if the budget is spent.
func (b *budgets) charge(ctx context.Context, operation *graphql.OperationContext, cost int) *store.Error {
	viewer, _ := auth.ViewerFrom(ctx)
	left := b.spend(spenderOf(viewer), cost, time.Since(b.start))
	operation.Stats.SetExtension(spentExtension, left)
	if left.retryAfter == 0 {
		return nil
	}
	err := store.Errorf(
		store.RateLimited, "the operation costs %d, and %d of %d a minute are left; try again later", cost, left.remaining, b.perMinute,
	)
	err.RetryAfter = left.retryAfter
	return err
}

// spend takes cost from the spender's budget if there is enough in it; now is the time since the start. An operation
// that costs more than a whole budget takes all of it.
func (b *budgets) spend(who spender, cost int, now time.Duration) spending {
	cost = min(cost, b.perMinute)
	shard := &b.shards[maphash.Comparable(b.seed, who)%budgetShards]
	shard.mutex.Lock()
	defer shard.mutex.Unlock()
	known, isKnown := shard.full[who]
	full := max(known, now)
	after := full + time.Duration(float64(cost)/float64(b.perMinute)*float64(time.Minute))
	if after > now+time.Minute {
		return spending{
			remaining: b.remaining(full - now), reset: full - now, retryAfter: max(after-now-time.Minute, 1),
		}
	}
	if isKnown || shard.hasRoom(now) {
		shard.full[who] = after
	}
	return spending{remaining: b.remaining(after - now), reset: after - now}
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

// writeBudget says in the answer's headers what is left of the viewer's budget.
func (b *budgets) writeBudget(header http.Header, operation *graphql.OperationContext) {
	if operation == nil {
		return
	}
	left, ok := operation.Stats.GetExtension(spentExtension).(spending)
	if !ok {
		return
	}
	values := []string{b.limit, strconv.Itoa(left.remaining), strconv.Itoa(seconds(left.reset))}
	header[limitHeader], header[remainingHeader], header[resetHeader] = values[:1:1], values[1:2:2], values[2:]
	if left.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(seconds(left.retryAfter)))
	}
}

// seconds rounds up.
func seconds(duration time.Duration) int { return int(math.Ceil(duration.Seconds())) }
