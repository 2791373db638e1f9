package graph

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// ReadLimits reads the limits from environment variables, with defaults for those that are not set. Its error names the
// invalid variable.
func ReadLimits(variable func(name string) string) (Limits, error) {
	limits := DefaultLimits()
	var errs []error
	if text := variable("LIMIT_TIME"); text != "" {
		duration, err := time.ParseDuration(text)
		if err != nil || duration <= 0 {
			errs = append(errs, fmt.Errorf("LIMIT_TIME: must be a duration like 30s, not %q", text))
		} else {
			limits.Transport.Time = duration
		}
	}
	body := int(limits.Transport.Body)
	for _, setting := range []struct {
		name  string
		value *int
	}{
		{"LIMIT_BODY_BYTES", &body},
		{"LIMIT_VALUES", &limits.Transport.Values},
		{"LIMIT_TOKENS", &limits.Document.Tokens},
		{"LIMIT_DEPTH", &limits.Document.Depth},
		{"LIMIT_ROOT_FIELDS", &limits.Document.RootFields},
		{"LIMIT_ALIASES", &limits.Document.Aliases},
		{"LIMIT_DIRECTIVES", &limits.Document.Directives},
		{"LIMIT_SELECTIONS", &limits.Document.Selections},
		{"LIMIT_REPEATS", &limits.Document.DuplicateFields},
		{"LIMIT_COMPLEXITY", &limits.Document.Complexity},
		{"LIMIT_COST_PER_MINUTE", &limits.CostPerMinute},
		{"LIMIT_ANSWER_BYTES", &limits.Answer},
		{"LIMIT_ERRORS", &limits.Errors},
		{"LIMIT_STREAMS", &limits.Transport.Streams.Open},
		{"LIMIT_STREAMS_PER_ADDRESS", &limits.Transport.Streams.PerAddress},
		{"LIMIT_SOCKET_OPERATIONS", &limits.Transport.Streams.Operations},
	} {
		text := variable(setting.name)
		if text == "" {
			continue
		}
		value, err := strconv.ParseInt(text, 10, 0)
		if err != nil || value < 1 || value > math.MaxInt32 {
			errs = append(errs, fmt.Errorf("%s: must be a whole number from 1 to %d, not %q", setting.name, math.MaxInt32, text))
			continue // with the default, so that what is read by the limits isn't reported as wrong, too
		}
		*setting.value = int(value)
	}
	limits.Transport.Body = int64(body)
	return limits, errors.Join(errs...)
}
