package transport

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// CostHeader turns extensions.cost on (1) or off (0) for one request.
const CostHeader = "X-GraphQL-Cost"

// The names of the headers in the canonical form of net/http.
const (
	limitHeader     = "Ratelimit-Limit"
	remainingHeader = "Ratelimit-Remaining"
	resetHeader     = "Ratelimit-Reset"
)

// RateLimit is the state of the viewer's budget.
type RateLimit struct {
	// Limit is the whole budget, and Remaining what is left of it.
	Limit, Remaining int
	// Reset is the time until the budget is full again.
	Reset time.Duration
	// RetryAfter is the time until the budget suffices for a refused operation; zero if it is not refused.
	RetryAfter time.Duration
}

// rateLimitExtension is the name of the RateLimit in an operation's statistics.
const rateLimitExtension = "rateLimit"

// SetRateLimit sets the state of the viewer's budget that the response to the operation reports.
func SetRateLimit(operation *graphql.OperationContext, limit RateLimit) {
	operation.Stats.SetExtension(rateLimitExtension, limit)
}

// writeRateLimit writes the state of the viewer's budget to the headers of a response.
func writeRateLimit(header http.Header, operation *graphql.OperationContext) {
	if operation == nil {
		return
	}
	left, ok := operation.Stats.GetExtension(rateLimitExtension).(RateLimit)
	if !ok {
		return
	}
	values := []string{strconv.Itoa(left.Limit), strconv.Itoa(left.Remaining), strconv.Itoa(seconds(left.Reset))}
	header[limitHeader], header[remainingHeader], header[resetHeader] = values[:1:1], values[1:2:2], values[2:]
	if left.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(seconds(left.RetryAfter)))
	}
}

// seconds rounds up.
func seconds(duration time.Duration) int { return int(math.Ceil(duration.Seconds())) }
