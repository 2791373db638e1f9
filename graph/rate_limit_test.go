package graph

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"crm/auth"
)

// spends is a cost at a point in time, and what is then left of the budget.
type spends struct {
	at, cost, remaining, reset, retryAfter int
}

func TestBudgetFillsEvenly(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]spends{
		"within the budget":  {{0, 10, 590, 1, 0}, {0, 20, 570, 3, 0}, {1, 10, 570, 3, 0}, {60, 0, 600, 0, 0}},
		"all at once":        {{0, 600, 0, 60, 0}, {0, 1, 0, 60, 1}, {0, 30, 0, 60, 3}, {3, 30, 0, 60, 0}, {63, 600, 0, 60, 0}},
		"above the budget":   {{0, 9_000, 0, 60, 0}, {30, 9_000, 300, 30, 30}, {60, 9_000, 0, 60, 0}},
		"refused costs none": {{0, 500, 100, 50, 0}, {0, 200, 100, 50, 10}, {0, 100, 0, 60, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			budgets := newBudgets(600)
			for i, step := range steps {
				got := budgets.spend(rateLimitKey{account: auth.ID{1}}, step.cost, time.Duration(step.at)*time.Second)
				if got.Remaining != step.remaining || seconds(got.Reset) != step.reset || seconds(got.RetryAfter) != step.retryAfter {
					t.Errorf("step %d got %+v", i, got)
				}
			}
		})
	}
}

func TestRateLimitKeys(t *testing.T) {
	t.Parallel()
	user := auth.Viewer{Role: auth.User, Account: auth.ID{1}, Address: "10.0.0.1"}
	for _, test := range []struct {
		a, b auth.Viewer
		same bool
	}{
		{user, auth.Viewer{Role: auth.User, Account: auth.ID{1}, Address: "10.0.0.2"}, true},
		{user, auth.Viewer{Role: auth.User, Account: auth.ID{2}, Address: "10.0.0.1"}, false},
		{user, auth.Viewer{Address: "10.0.0.1"}, false},
		{auth.Viewer{Address: "10.0.0.1"}, auth.Viewer{Address: "10.0.0.1"}, true},
		{auth.Viewer{Address: "10.0.0.1"}, auth.Viewer{Address: "10.0.0.2"}, false},
		{auth.Viewer{Address: "10.0.0.1"}, auth.Viewer{Address: "::ffff:10.0.0.1"}, true},
		{auth.Viewer{Address: "2001:db8::1"}, auth.Viewer{Address: "2001:db8::ffff:2"}, true},
		{auth.Viewer{Address: "2001:db8::1"}, auth.Viewer{Address: "2001:db8:0:1::1"}, false},
		{auth.Viewer{Address: "fe80::1%eth0"}, auth.Viewer{Address: "fe80::1%eth1"}, true},
		{auth.Viewer{}, auth.Viewer{Address: "@"}, true},
	} {
		if same := rateLimitKeyOf(test.a) == rateLimitKeyOf(test.b); same != test.same {
			t.Errorf("%+v and %+v are the same: %t", test.a, test.b, same)
		}
	}
}

func keyNumber(i int) rateLimitKey {
	return rateLimitKey{address: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)}
}

// Memory is bounded: new viewers are not counted while there is no room.
func TestBudgetsAreBounded(t *testing.T) {
	t.Parallel()
	budgets := newBudgets(600)
	for i := range 2 * budgetShards * budgetsPerShard {
		if got := budgets.spend(keyNumber(i), 300, time.Second); got.RetryAfter > 0 {
			t.Fatalf("%d is refused", i)
		}
	}
	for i := range budgets.shards {
		if known := len(budgets.shards[i].full); known != budgetsPerShard {
			t.Errorf("shard %d has %d keys", i, known)
		}
	}
	late := keyNumber(1 << 23)
	budgets.spend(late, 300, 40*time.Second)
	if got := budgets.spend(late, 300, 40*time.Second); got.Remaining != 0 {
		t.Errorf("the last key has %d left", got.Remaining)
	}
}

func TestBudgetOverHTTP(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Limits: Limits{CostPerMinute: 2}})
	header := func(got *answer, name string) int {
		value, err := strconv.Atoi(got.header.Get(name))
		if err != nil {
			t.Errorf("%s is %q", name, got.header.Get(name))
		}
		return value
	}
	first := server.query("{__typename}")
	if first.codes() != "" || header(first, "RateLimit-Limit") != 2 || header(first, "RateLimit-Remaining") != 1 ||
		header(first, "RateLimit-Reset") != 30 || first.header.Get("Retry-After") != "" {
		t.Errorf("the first got %v", first.header)
	}
	server.query("{__typename}")
	for accept, status := range map[string]int{acceptJSON: 200, acceptGraphQL: 429} {
		got := server.query("{__typename}", accept)
		if got.status != status || got.codes() != "RATE_LIMITED" || got.parsed.Data != nil {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		after := got.parsed.Errors[0].Extensions.RetryAfter
		if after < 1 || after > 30 || header(got, "Retry-After") != after || header(got, "RateLimit-Remaining") != 0 {
			t.Errorf("got %d %v", after, got.header)
		}
	}
	if got := server.query("{__typename}", "As: USER"); got.codes() != "" {
		t.Errorf("another viewer got %s", got.body)
	}
}

func BenchmarkBudget(b *testing.B) {
	for _, known := range []int{1, 100_000} {
		b.Run(fmt.Sprint(known), func(b *testing.B) {
			budgets := newBudgets(1 << 30)
			for i := range known {
				budgets.spend(keyNumber(i), 1, 0)
			}
			ctx := auth.WithViewer(context.Background(), auth.Viewer{Role: auth.User, Account: auth.ID{1}})
			b.ReportAllocs()
			for b.Loop() {
				operation := new(graphql.OperationContext)
				if err := budgets.charge(ctx, operation, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// seconds rounds up.
func seconds(duration time.Duration) int { return int(math.Ceil(duration.Seconds())) }
