package document

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/graph/apierror"
)

// testLoader loads documents for the product's schema.
type testLoader struct{ *Loader }

func newTestLoader(t testing.TB, introspection bool, limits Limits) testLoader {
	t.Helper()
	source, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	return testLoader{NewLoader(Config{
		Schema: gqlparser.MustLoadSchema(&ast.Source{Input: string(source)}), Limits: limits,
		Pages: Pages{Default: 20, Max: 100}, Introspection: introspection,
	})}
}

// refusal returns the code and messages with which a query is refused, or empty strings.
func (l testLoader) refusal(query string) (code, message string) {
	doc, errs := l.load(query)
	for i, err := range errs {
		if i > 0 {
			code, message = code+",", message+"\n"
		}
		code, message = code+string(apierror.CodeOf(err)), message+err.Message
	}
	if len(errs) > 0 || len(doc.Operations) > 1 {
		return code, message
	}
	if _, refused := l.Complexity(doc, doc.Operations[0], nil); refused != nil {
		return string(refused.Code), refused.Message
	}
	return "", ""
}

// chain returns a query with n fragments, each of which spreads the next one in its body.
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

// refusals maps names to queries and the code and message with which each is refused.
type refusals map[string]struct{ query, code, message string }

func (r refusals) run(t *testing.T) {
	t.Parallel()
	loader := newTestLoader(t, true, Limits{})
	for name, test := range r {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code, message := loader.refusal(test.query); code != test.code || message != test.message {
				t.Errorf("got %s %.300q", code, message)
			}
		})
	}
}

// Documents are refused before their size causes any work.
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
			"QUERY_TOO_COMPLEX", `the number of times that "__typename" is selected in one place is 4900; at most 50 is allowed`,
		},
		"nested duplicates": {
			"{interaction(id:1){" + strings.Repeat("customer{"+strings.Repeat("id ", 10)+"}", 10) + "}}",
			"QUERY_TOO_COMPLEX", `the number of times that "id" is selected in one place is 100; at most 50 is allowed`,
		},
		"an unused fragment": {
			"{__typename} fragment a on Customer{" + strings.Repeat("id ", 4_900) + "}",
			"QUERY_TOO_COMPLEX", `the number of times that "id" is selected in one place is 4900; at most 50 is allowed`,
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

// Fragments that spread each other multiply the work of a short document.
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
			"", "",
		},
		"2^12 fields": {
			chain(12, "Customer", "{customer(by:{id:1}){...f0}}", "id ...NEXT ...NEXT", "id"),
			"QUERY_TOO_COMPLEX", "the document's number of selections and values, with fragments expanded, is 49110; at most 10000 is allowed",
		},
		"operations that spread many values": {
			numbered(300, "query q%d{...f} ") + "fragment f on Query{nodes(ids:[" + numbered(2_800, "%d ") + "]){id}}",
			"QUERY_TOO_COMPLEX", "the document's number of selections and values, with fragments expanded, is 844003; at most 10000 is allowed",
		},
		"cycle": {
			"{...a} fragment a on Query{...b} fragment b on Query{...a}",
			"GRAPHQL_VALIDATION_FAILED", `Cannot spread fragment "a" within itself.`,
		},
		"cycle with fields": {
			"{customer(by:{id:1}){...a}} fragment a on Customer{interactions{nodes{customer{...a}}}}",
			"GRAPHQL_VALIDATION_FAILED", `Cannot spread fragment "a" within itself.`,
		},
	}.run(t)
}

func FuzzStats(f *testing.F) {
	f.Add(chain(5, "Query", "{...f0}", "...NEXT ...NEXT", "__typename"))
	f.Add("{...a} fragment a on Query{...b} fragment b on Query{...a}")
	f.Add(`query($a:[ID!]=[[1]]){b:nodes(ids:$a)@skip(if:true){...on Ticket{id}}}`)
	loader := newTestLoader(f, true, Limits{})
	f.Fuzz(func(t *testing.T, query string) {
		doc, errs := loader.load(query)
		if len(errs) > 0 {
			return
		}
		for _, operation := range doc.Operations {
			if complexity := complexityOf(loader.schema, loader.pages, doc.QueryDocument, operation, nil); complexity < 1 || complexity > saturated {
				t.Errorf("the complexity is %d", complexity)
			}
		}
	})
}

// TestCountingTokensAhead checks that a document is refused before parsing only if it certainly has too many tokens.
func TestCountingTokensAhead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source string
		limit  int
		want   bool
	}{
		"at the limit":  {strings.Repeat("a ", 1_000), 1_000, false},
		"one above":     {strings.Repeat("a ", 1_001), 1_000, true},
		"long tokens":   {strings.Repeat(strings.Repeat("a", 40)+" ", 1_001), 1_000, false},
		"invalid token": {"?" + strings.Repeat("a ", 1_001), 1_000, false},
		"unlimited":     {strings.Repeat("a ", 1_001), math.MaxInt, false},
		"empty":         {"", 1, false},
	} {
		if got := hasMoreTokens(test.source, test.limit); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
