package graph

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
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

// Every limit has a default, a variable that sets only it, and a row in the README.
func TestReadLimits(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for field, variable := range limitVariables {
		value := "7"
		if variable == "LIMIT_TIME" {
			value = "7s"
		}
		got, err := ReadLimits(func(name string) string {
			if name == variable {
				return value
			}
			return ""
		})
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
		if !strings.Contains(string(readme), "`"+variable+"`") {
			t.Errorf("the README does not have %s", variable)
		}
	}
}

func TestInvalidLimits(t *testing.T) {
	t.Parallel()
	for _, variable := range limitVariables {
		for _, value := range []string{"0", "-1", "x", "1e3", " 5", "99999999999", "-5s"} {
			_, err := ReadLimits(func(name string) string {
				if name == variable {
					return value
				}
				return ""
			})
			if err == nil || !strings.HasPrefix(err.Error(), variable+": ") || !strings.Contains(err.Error(), value) {
				t.Errorf("%s=%s got %v", variable, value, err)
			}
		}
	}
}
