package document

import (
	"strings"
	"testing"

	gqlparser "github.com/vektah/gqlparser/v2/validator"
)

func TestComplexity(t *testing.T) {
	t.Parallel()
	loader := newTestLoader(t, true, Limits{})
	for query, want := range map[string]int{
		`{__typename}`:                                                                       1,
		`{viewer{... on User{id name}}}`:                                                     3,
		`{customers{totalCount}}`:                                                            2,
		`{customers{nodes{id}}}`:                                                             1 + 20*2,
		`{customers(first:5){nodes{id}}}`:                                                    1 + 5*2,
		`{customers(last:5){nodes{id}}}`:                                                     1 + 5*2,
		`{customers(first:0){nodes{id}}}`:                                                    1,
		`{customers(first:null){nodes{id}}}`:                                                 1 + 20*2,
		`{customers(first:-1){nodes{id}}}`:                                                   1,
		`{customers(first:100000){nodes{id}}}`:                                               1 + 100*2,
		`query($n:Int=3){customers(first:$n){nodes{id}}}`:                                    1 + 3*2,
		`query($n:Int){customers(first:$n){nodes{id}}}`:                                      1 + 20*2,
		`{customers(first:5){edges{cursor node{id}} pageInfo{endCursor}}}`:                   1 + 5*4 + 2,
		`{customers(first:5){...page}} fragment page on CustomerConnection{nodes{id}}`:       1 + 5*2,
		`{customers(first:5){nodes{tickets(first:3){nodes{id viewerCan}}}}}`:                 1 + 5*(1+1+3*3),
		`{customers(first:5){nodes{...c}}} fragment c on Customer{tickets{nodes{id}}}`:       1 + 5*(1+1+20*2),
		`{nodes(ids:["a","b"]){id}}`:                                                         1 + 2,
		`{nodes(ids:"a"){id}}`:                                                               1 + 1,
		`{nodes(ids:["a","b"]){... on Customer{tickets(first:3){nodes{id}}}}}`:               1 + 2*(1+3*2),
		`query($i:[ID!]=["a","b","c"]){nodes(ids:$i){id}}`:                                   1 + 3,
		`{__schema{directives{name}}}`:                                                       1 + 2*2,
		`{__schema{types{name}}}`:                                                            1 + len(loader.schema.Types)*2,
		chain(8, "Customer", "{customer(by:{id:1}){...f0}}", "...NEXT ...NEXT", "id"):        1 + 256,
		`{a:customer(by:{id:1}){id} b:customer(by:{id:1}){id}}`:                              4,
		strings.Replace(`{customers(first:100){nodes{X}}}`, "X", nestedPages(5), 1):          saturated,
		strings.Replace(`{customers(first:100){nodes{X}}}`, "X", nestedPages(1)+" id id", 1): 1 + 100*(1+2+1+100*(1+1)),
	} {
		doc, errs := loader.load(query)
		if len(errs) > 0 {
			t.Errorf("%s: %v", query, errs)
			continue
		}
		operation := doc.Operations[0]
		variables, err := gqlparser.VariableValues(loader.schema, operation, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := loader.Complexity(doc, operation, variables); got != want {
			t.Errorf("%s costs %d, want %d", query, got, want)
		}
	}
}

// nestedPages returns a customer's tickets' customers' tickets and so on.
func nestedPages(n int) string {
	const page = "tickets(first:100){nodes{"
	return strings.Repeat(page+"customer{", n-1) + page + "id}}" + strings.Repeat("}}}", n-1)
}
