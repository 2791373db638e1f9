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

// Names of headers, as net/http writes them.
const (
	limitHeader     = "Ratelimit-Limit"
	remainingHeader = "Ratelimit-Remaining"
	resetHeader     = "Ratelimit-Reset"
)

// RateLimit is what the viewer may still spend.
type RateLimit struct {
	// Limit is a whole budget, and Remaining what is left of it.
	Limit, Remaining int
	// Reset is how long the budget takes to be full again.
	Reset time.Duration
	// RetryAfter is when a refused operation can be paid for; zero for one that is not refused.
	RetryAfter time.Duration
}

// rateLimitExtension is under what name an operation's statistics have its RateLimit.
const rateLimitExtension = "rateLimit"

// SetRateLimit has the answer to the operation say what is left of the viewer's budget.
func SetRateLimit(operation *graphql.OperationContext, limit RateLimit) {
	operation.Stats.SetExtension(rateLimitExtension, limit)
}

// writeRateLimit writes what is left of the viewer's budget into the headers of an answer.
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
