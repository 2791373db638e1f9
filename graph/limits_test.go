package graph

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
)

// chain returns a query whose fragments each spread the next one as body says, n times.
func chain(n int, typeName, start, body, end string) string {
	var query strings.Builder
	query.WriteString(start)
	for i := range n {
		fmt.Fprintf(&query, " fragment f%d on %s{%s}", i, typeName, strings.ReplaceAll(body, "NEXT", fmt.Sprintf("f%d", i+1)))
	}
	fmt.Fprintf(&query, " fragment f%d on %s{%s}", n, typeName, end)
	return query.String()
}

func numbered(n int, format string) string {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, format, i)
	}
	return list.String()
}

// refusals says for each query with what code and message it is refused.
type refusals map[string]struct{ query, code, message string }

func (r refusals) run(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Introspection: true})
	for name, test := range r {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := server.query(test.query); got.codes() != test.code || got.messages() != test.message {
				t.Errorf("got %s %.300q", got.codes(), got.messages())
			}
		})
	}
}

// A document is refused before the work that its size would cause.
func TestLimitsOfSize(t *testing.T) {
	refusals{
		"200 KB": {
			strings.Repeat("{viewer{__typename}}", 10_000),
			"QUERY_TOO_COMPLEX", "the document has more than 5000 tokens; at most 5000 are allowed",
		},
		"comments": {
			"{__typename" + strings.Repeat("#\n", 300_000) + "}",
			"QUERY_TOO_COMPLEX", "the document has more than 5000 tokens; at most 5000 are allowed",
		},
		"55 KB of one field": {
			"{" + strings.Repeat("__typename ", 4_990) + "}",
			"QUERY_TOO_COMPLEX", "the operation's number of root fields is 4990; at most 50 is allowed",
		},
		"one field below another": {
			"{viewer{" + strings.Repeat("__typename ", 4_900) + "}}",
			"QUERY_TOO_COMPLEX", `the number of times that "__typename" is selected at one place is 4900; at most 50 is allowed`,
		},
		"nested duplicates": {
			"{interaction(id:1){" + strings.Repeat("customer{"+strings.Repeat("id ", 10)+"}", 10) + "}}",
			"QUERY_TOO_COMPLEX", `the number of times that "id" is selected at one place is 100; at most 50 is allowed`,
		},
		"an unused fragment": {
			"{__typename} fragment a on Customer{" + strings.Repeat("id ", 4_900) + "}",
			"QUERY_TOO_COMPLEX", `the number of times that "id" is selected at one place is 4900; at most 50 is allowed`,
		},
		"aliases": {
			"{" + numbered(1_600, "a%d:__typename ") + "}",
			"QUERY_TOO_COMPLEX", "the operation's number of aliases is 1600; at most 200 is allowed",
		},
		"directives": {
			"{__typename" + strings.Repeat("@include(if:true)", 150) + "}",
			"QUERY_TOO_COMPLEX", "the operation's number of directives is 150; at most 100 is allowed",
		},
		"long name": {
			"{" + strings.Repeat("a", 1<<19) + "}",
			"GRAPHQL_VALIDATION_FAILED", `Cannot query field "` + strings.Repeat("a", 480) + "…",
		},
	}.run(t)
}

func TestLimitsOfDepth(t *testing.T) {
	refusals{
		"depth": {
			strings.Repeat("{customer", 50) + strings.Repeat("}", 50),
			"QUERY_TOO_COMPLEX", "the operation's depth is 50; at most 20 is allowed",
		},
		"depth beyond the parser": {
			strings.Repeat("{a", 5_000),
			"QUERY_TOO_COMPLEX", "the operation's depth is more than 1000; at most 20 is allowed",
		},
		"deep value": {
			"{tickets(where:" + strings.Repeat("{not:", 30) + "null" + strings.Repeat("}", 30) + "){totalCount}}",
			"QUERY_TOO_COMPLEX", "the depth of the operation's values is 30; at most 20 is allowed",
		},
		"deep default": {
			"query($a:[ID!]=" + strings.Repeat("[", 30) + strings.Repeat("]", 30) + "){nodes(ids:$a){id}}",
			"QUERY_TOO_COMPLEX", "the depth of the operation's values is 30; at most 20 is allowed",
		},
		"pages in pages": {
			"{customers(first:100){nodes{interactions(first:100){nodes{tickets(first:100){nodes{id}}}}}}}",
			"QUERY_TOO_COMPLEX", "the operation's complexity is 2020201; at most 100000 is allowed",
		},
	}.run(t)
}

// Fragments that spread each other multiply without making the document long.
func TestLimitsOfFragments(t *testing.T) {
	refusals{
		"2^30 fragments": {
			chain(30, "Query", "{...f0}", "...NEXT ...NEXT", "__typename"),
			"QUERY_TOO_COMPLEX", "the operation's number of root fields is 1073741824; at most 50 is allowed",
		},
		"2^40 fragments": {
			chain(40, "Query", "{...f0}", "...NEXT ...NEXT", "__typename"),
			"QUERY_TOO_COMPLEX", "the operation's number of root fields is more than 2147483646; at most 50 is allowed",
		},
		"2^9 fields": {
			chain(9, "Customer", "{customer(by:{id:1}){...f0}}", "id ...NEXT ...NEXT", "id"),
			"UNAUTHENTICATED", "log in first",
		},
		"2^12 fields": {
			chain(12, "Customer", "{customer(by:{id:1}){...f0}}", "id ...NEXT ...NEXT", "id"),
			"QUERY_TOO_COMPLEX", "the document's number of selections and values, with fragments written out, is 49110; at most 10000 is allowed",
		},
		"operations that spread many values": {
			numbered(300, "query q%d{...f} ") + "fragment f on Query{nodes(ids:[" + numbered(2_800, "%d ") + "]){id}}",
			"QUERY_TOO_COMPLEX", "the document's number of selections and values, with fragments written out, is 844003; at most 10000 is allowed",
		},
		"circle": {
			"{...a} fragment a on Query{...b} fragment b on Query{...a}",
			"GRAPHQL_VALIDATION_FAILED", `Cannot spread fragment "a" within itself.`,
		},
		"circle with fields": {
			"{customer(by:{id:1}){...a}} fragment a on Customer{interactions{nodes{customer{...a}}}}",
			"GRAPHQL_VALIDATION_FAILED", `Cannot spread fragment "a" within itself.`,
		},
	}.run(t)
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
	if problems := len(strings.Split(got.fields(), ",")); got.codes() != "BAD_USER_INPUT" || problems != maxProblems {
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

func FuzzExtent(f *testing.F) {
	f.Add(introspectionQuery)
	f.Add(chain(5, "Query", "{...f0}", "...NEXT ...NEXT", "__typename"))
	f.Add("{...a} fragment a on Query{...b} fragment b on Query{...a}")
	f.Add(`query($a:[ID!]=[[1]]){b:nodes(ids:$a)@skip(if:true){...on Ticket{id}}}`)
	executor := NewExecutor(HandlerConfig{Introspection: true})
	f.Fuzz(func(t *testing.T, query string) {
		doc, errs := executor.documents.load(query)
		if len(errs) > 0 {
			return
		}
		for _, operation := range doc.Operations {
			if complexity := complexityOf(executor.schema, doc.QueryDocument, operation, nil); complexity < 1 || complexity > saturated {
				t.Errorf("the complexity is %d", complexity)
			}
		}
	})
}

// TestCountingTokensAhead: only a document that certainly has too many tokens is refused before it is parsed.
func TestCountingTokensAhead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source string
		limit  int
		want   bool
	}{
		"as many":           {strings.Repeat("a ", 1_000), 1_000, false},
		"one more":          {strings.Repeat("a ", 1_001), 1_000, true},
		"long ones":         {strings.Repeat(strings.Repeat("a", 40)+" ", 1_001), 1_000, false},
		"a wrong one":       {"?" + strings.Repeat("a ", 1_001), 1_000, false},
		"a limit like none": {strings.Repeat("a ", 1_001), math.MaxInt, false},
		"nothing":           {"", 1, false},
	} {
		if got := hasMoreTokens(test.source, test.limit); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
