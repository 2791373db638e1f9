package e2e_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"crm/graph"
)

// codeBlock finds the GraphQL examples in the README, and the body of the curl example.
var codeBlock = regexp.MustCompile("(?s)```graphql\n(.*?)```|-d '({\"query\".*?})'\n")

// TestReadme runs the examples of the README in order.
func TestReadme(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	var token, customers string
	for _, found := range codeBlock.FindAllStringSubmatch(read(t, "../README.md"), -1) {
		operation := found[1]
		if found[2] != "" {
			var body struct{ Query string }
			if err := json.Unmarshal([]byte(found[2]), &body); err != nil {
				t.Fatal(err)
			}
			operation = body.Query
		}
		if strings.HasPrefix(operation, "subscription") { // only checked for validity
			schema := graph.NewExecutableSchema(graph.Config{}).Schema()
			if _, errs := gqlparser.LoadQueryWithRules(schema, operation, rules.NewDefaultRules()); len(errs) > 0 {
				t.Errorf("%s\nis not valid: %v", operation, errs)
			}
			continue
		}
		if strings.Contains(operation, "customers(") {
			customers = operation
		}
		a := p.must(token, operation, nil)
		if text := a.text("signUpUser.tokens.accessToken"); text != "" {
			token = text
		}
		if id := a.text("createCustomer.customer.id"); id != "" {
			meeting := p.must(token, createInteraction, variables{"customer": id, "title": "Demo"}).
				text("createInteraction.interaction.id")
			p.must(token, createTicket, variables{"id": meeting, "description": "It is slow"})
		}
	}
	if customers == "" {
		t.Fatal("the README has no query of customers")
	}
	const ticket = "customers.nodes.0.interactions.nodes.0.tickets.nodes.0.description"
	if a := p.must(token, customers, nil); a.text(ticket) != "It is slow" {
		t.Errorf("the nested query got %s", a.raw)
	}
}
