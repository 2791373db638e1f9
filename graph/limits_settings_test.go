package graph

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"crm/config"
)

// limitVariables maps each limit to the variable that sets it.
var limitVariables = map[string]string{
	"Transport.Body": "LIMIT_BODY_BYTES", "Transport.Values": "LIMIT_VALUES", "Transport.Time": "LIMIT_TIME", "Document.Tokens": "LIMIT_TOKENS",
	"Document.Depth": "LIMIT_DEPTH", "Document.RootFields": "LIMIT_ROOT_FIELDS", "Document.Aliases": "LIMIT_ALIASES", "Document.Directives": "LIMIT_DIRECTIVES",
	"Document.Selections": "LIMIT_SELECTIONS", "Document.DuplicateFields": "LIMIT_REPEATS", "Document.Complexity": "LIMIT_COMPLEXITY",
	"CostPerMinute": "LIMIT_COST_PER_MINUTE", "Answer": "LIMIT_ANSWER_BYTES", "Errors": "LIMIT_ERRORS",
	"Transport.Streams.Open": "LIMIT_STREAMS", "Transport.Streams.PerAddress": "LIMIT_STREAMS_PER_ADDRESS",
	"Transport.Streams.Operations": "LIMIT_SOCKET_OPERATIONS",
}

// readLimits reads the limits from one variable.
func readLimits(variable, value string) (Limits, error) {
	limits := DefaultLimits()
	values := config.Read(config.Declaration{{Settings: limits.Settings()}}, []string{variable + "=" + value}, "")
	return limits, values.Err()
}

// Every limit has a default, and a variable that sets only it.
func TestLimitSettings(t *testing.T) {
	t.Parallel()
	if limits := (&Limits{}).Settings(); len(limits) != len(limitVariables) {
		t.Errorf("there are %d variables, want %d", len(limits), len(limitVariables))
	}
	for field, variable := range limitVariables {
		value := "7"
		if variable == "LIMIT_TIME" {
			value = "7s"
		}
		got, err := readLimits(variable, value)
		if err != nil {
			t.Fatal(err)
		}
		want := DefaultLimits()
		target := reflect.ValueOf(&want).Elem()
		for name := range strings.SplitSeq(field, ".") {
			target = target.FieldByName(name)
		}
		if target.Int() <= 0 {
			t.Errorf("%s has the default %d", field, target.Int())
		}
		target.SetInt(7)
		if field == "Transport.Time" {
			want.Transport.Time = 7 * time.Second
		}
		if got != want {
			t.Errorf("%s: got %+v", variable, got)
		}
		if filled := (Limits{}).withDefaults(); filled != DefaultLimits() {
			t.Errorf("zero limits become %+v", filled)
		}
	}
}

func TestInvalidLimits(t *testing.T) {
	t.Parallel()
	for _, variable := range limitVariables {
		for _, value := range []string{"0", "-1", "x", "1e3", " 5", "99999999999", "-5s"} {
			got, err := readLimits(variable, value)
			if err == nil || !strings.HasPrefix(err.Error(), variable+": must be ") || got != DefaultLimits() {
				t.Errorf("%s=%s got %v, %+v", variable, value, err, got)
			}
		}
	}
}
