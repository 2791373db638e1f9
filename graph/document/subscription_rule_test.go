package document

import (
	"strings"
	"testing"
)

func TestSubscriptionRootField(t *testing.T) {
	t.Parallel()
	const field = `ticketChanged { seq }`
	loader := newTestLoader(t, true, Limits{})
	for query, want := range map[string]string{
		`subscription { ticketChanged { seq } }`:                                                              "",
		`subscription { ticketChanged { seq @include(if: false) at } }`:                                       "",
		`subscription { ticketChanged { seq } ticketChanged { at } }`:                                         "",
		`subscription { ticketChanged { seq } ...F } fragment F on Subscription { ticketChanged { at } }`:     "",
		`subscription { ...F ...F } fragment F on Subscription { ` + field + ` }`:                             "",
		`{ viewer @include(if: false) { __typename } }`:                                                       "",
		`subscription { ticketChanged @include(if: false) { seq } }`:                                          "@include",
		`subscription { ticketChanged @skip(if: true) { seq } }`:                                              "@skip",
		`subscription($on: Boolean!) { ticketChanged @include(if: $on) { seq } }`:                             "@include",
		`subscription($off: Boolean!) { ... @skip(if: $off) { ` + field + ` } }`:                              "@skip",
		`subscription { ... on Subscription @include(if: true) { ` + field + ` } }`:                           "@include",
		`subscription($on: Boolean!) { ...F @include(if: $on) } fragment F on Subscription { ` + field + ` }`: "@include",
		`subscription { ...F } fragment F on Subscription { ticketChanged @skip(if: false) { seq } }`:         "@skip",
		`subscription { a: ticketChanged { seq } b: ticketChanged { seq } }`:                                  "under one name",
		`subscription { ticketChanged { seq } interactionChanged { seq } }`:                                   "only one top level field",
	} {
		code, messages := loader.refusal(query)
		switch {
		case want == "" && code != "":
			t.Errorf("%s: got %s %s", query, code, messages)
		case want != "" && (code != "GRAPHQL_VALIDATION_FAILED" || !strings.Contains(messages, want)):
			t.Errorf("%s: got %s %s, want %s", query, code, messages, want)
		}
	}
}
