package document

import (
	"strings"
	"testing"
)

// TestTypeNameOverlaps checks that __typename has the type String! where the specification compares fields under one name.
func TestTypeNameOverlaps(t *testing.T) {
	t.Parallel()
	loader := newTestLoader(t, true, Limits{})
	const ofNodes = `{ nodes(ids: []) { ... on User { x: %USER } ... on Customer { x: %CUSTOMER } } }`
	for _, test := range []struct {
		user, customer string
		ok             bool
	}{
		{"__typename", "name", true}, // String!
		{"name", "__typename", true},
		{"__typename", "__typename", true},
		{"__typename", "company", false}, // String
		{"id", "__typename", false},
	} {
		query := strings.NewReplacer("%USER", test.user, "%CUSTOMER", test.customer).Replace(ofNodes)
		code, messages := loader.refusal(query)
		if test.ok && code != "" || !test.ok && !strings.Contains(messages, "conflicting types") {
			t.Errorf("%s: got %s %s", query, code, messages)
		}
	}
}
