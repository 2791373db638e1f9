package graph

import (
	"context"
	"errors"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// bigCustomers resolves a customer whose name has a kilobyte; the ids "broken" and "refused" fail.
func bigCustomers() stubResolvers {
	return stubResolvers{customer: func(_ context.Context, by CustomerBy) (*db.Customer, error) {
		switch *by.ID.Value() {
		case "broken":
			return nil, errors.New("no such luck")
		case "refused":
			return nil, store.Errorf(store.NotFound, "there is no such customer")
		}
		return &db.Customer{Name: strings.Repeat("x", 1<<10)}, nil
	}}
}

func TestAnswerSize(t *testing.T) {
	t.Parallel()
	const tooLarge = "the response is larger than the 20480 bytes allowed; ask for less at a time"
	for name, test := range map[string]struct {
		query, message string
		hasData        bool
	}{
		"small enough":                      {"{" + numbered(10, "a%d:customer(by:{id:1}){name}") + "}", "", true},
		"one field too large":               {"{customer(by:{id:1}){" + numbered(30, "a%d:name ") + "}}", tooLarge, false},
		"all fields too large":              {"{" + numbered(30, "a%d:customer(by:{id:1}){name}") + "}", tooLarge, false},
		"small enough, with an error":       {"{" + numbered(10, "a%d:customer(by:{id:1}){name}") + "customer(by:{id:refused}){id}}", "there is no such customer", true},
		"too large, with an error":          {"{" + numbered(30, "a%d:customer(by:{id:1}){name}") + "customer(by:{id:refused}){id}}", tooLarge, false},
		"introspection, which is too large": {introspectionQuery, tooLarge, false},
	} {
		for _, slow := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				server := newTestServer(t, HandlerConfig{
					Resolvers: bigCustomers(), Introspection: true, NoFastPath: slow, Limits: Limits{Answer: 20 << 10},
				})
				got := server.query(strings.ReplaceAll(test.query, "id:refused", `id:"refused"`), "As: USER")
				hasData := string(got.parsed.Data) != "null"
				if got.messages() != test.message || hasData != test.hasData || got.status != 200 {
					t.Errorf("got %d %q: %.300s", got.status, got.messages(), got.body)
				}
				if !hasData && got.codes() != "QUERY_TOO_COMPLEX" {
					t.Errorf("got %s", got.codes())
				}
			})
		}
	}
}

// A field that the fast path has counted is not counted again if the executor has to render it after all.
func TestAnswerSizeIsCountedOnce(t *testing.T) {
	t.Parallel()
	answer := &answerStats{maxSize: 100}
	r := &rendering{answer: answer, buf: make([]byte, 60)}
	if !r.count() || r.answer.size.Load() != 60 {
		t.Fatalf("counted %d", answer.size.Load())
	}
	r.uncount()
	r = &rendering{answer: answer, buf: make([]byte, 101)}
	if r.count() {
		t.Error("rendering continues beyond the limit")
	}
	r.uncount()
	if answer.grow(0) {
		t.Error("the response is no longer too large")
	}
}

func TestAnswerErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fields, errors, logged int
		id, last               string
	}{
		"at the limit":    {10, 10, 0, "refused", "there is no such customer"},
		"above the limit": {30, 11, 0, "refused", "there are 30 errors; at most 10 are shown"},
		"internal errors": {30, 11, 10, "broken", "there are 30 errors; at most 10 are shown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTestServer(t, HandlerConfig{Resolvers: bigCustomers(), Limits: Limits{Errors: 10}})
			got := server.query("{"+numbered(test.fields, `a%d:customer(by:{id:"`+test.id+`"}){name}`)+"}", "As: USER")
			messages := strings.Split(got.messages(), "\n")
			if len(messages) != test.errors || messages[len(messages)-1] != test.last {
				t.Errorf("got %d errors: %s", len(messages), got.body)
			}
			if string(got.parsed.Data) == "null" || !strings.Contains(string(got.parsed.Data), "a9") {
				t.Errorf("the data is %s", got.parsed.Data)
			}
			if logged := strings.Count(server.log.String(), "no such luck"); logged != test.logged {
				t.Errorf("the log has %d errors", logged)
			}
		})
	}
}
