package graph

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func numbered(n int, format string) string {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, format, i)
	}
	return list.String()
}

func TestLimitsOfVariables(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{})
	deep := strings.Repeat(`{"not":`, 30) + "null" + strings.Repeat("}", 30)
	got := server.do(
		http.MethodPost, "/", `{"query":"query($w:TicketWhere){tickets(where:$w){totalCount}}","variables":{"w":`+deep+`}}`,
	)
	if got.codes() != "QUERY_TOO_COMPLEX" || got.messages() != "the depth of the variables is 21; at most 20 is allowed" {
		t.Errorf("got %s", got.body)
	}
	body := `{"query":"{__typename}","variables":{"a":[` + strings.Repeat(`"x,\"",`, 100_000) + `1]}}`
	if got := server.do(http.MethodPost, "/", body); got.codes() != "QUERY_TOO_COMPLEX" || got.status != 400 ||
		got.messages() != "there are more than 5000 values in the body; at most 5000 are allowed" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	target := "/?query=%7B__typename%7D&variables=%5B" + strings.Repeat("1,", 10_000) + "1%5D"
	if got := server.do(http.MethodGet, target, ""); got.codes() != "QUERY_TOO_COMPLEX" || got.status != 400 {
		t.Errorf("got %d %s", got.status, got.body)
	}
	many := strings.Repeat(`"x",`, 4_900) + `"x"`
	got = server.do(
		http.MethodPost, "/", `{"query":"query($i:[Int!]!){nodes(ids:$i){id}}","variables":{"i":[`+many+`]}}`,
	)
	if got.codes() != "GRAPHQL_VALIDATION_FAILED" {
		t.Errorf("got %s", got.body)
	}
	const query = `{"query":"query($i:[DateTime!]){tickets(where:{createdAt:{in:$i}}){totalCount}}",`
	got = server.do(http.MethodPost, "/", query+`"variables":{"i":[`+many+`]}}`)
	if problems := len(strings.Split(got.fields(), ",")); got.codes() != "BAD_USER_INPUT" || problems != 100 {
		t.Errorf("got %s with %d problems", got.codes(), problems)
	}
}

// The introspection query that GraphiQL and the code generators send.
const introspectionQuery = `query IntrospectionQuery {
  __schema { description queryType { name } mutationType { name } subscriptionType { name }
    types { ...FullType } directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } }
}
fragment FullType on __Type { kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`

func TestUsualQueriesAreWithinLimits(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Introspection: true, ShowCost: true})
	got := server.query(introspectionQuery)
	if got.codes() != "" {
		t.Fatalf("introspection got %s", got.messages())
	}
	t.Logf("introspection costs %v", got.parsed.Extensions)
	nested := `{customers{edges{cursor node{id name company interactions{edges{cursor node{id title startTime
		tickets{edges{cursor node{id description status}} pageInfo{endCursor hasNextPage}}}}}}}}}`
	if got := server.query(nested); got.codes() != "UNAUTHENTICATED" {
		t.Errorf("nested pages got %s", got.messages())
	}
}
