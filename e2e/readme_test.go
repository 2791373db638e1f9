package e2e_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"crm/graph"
)

// codeBlock finds the GraphQL examples in the documentation, and the body of the curl example.
var codeBlock = regexp.MustCompile("(?s)```graphql\n(.*?)```|-d '({\"query\".*?})'\n")

// examples returns the GraphQL operations in a file.
func examples(t *testing.T, path string) (operations []string) {
	t.Helper()
	for _, found := range codeBlock.FindAllStringSubmatch(read(t, path), -1) {
		operation := found[1]
		if found[2] != "" {
			var body struct{ Query string }
			if err := json.Unmarshal([]byte(found[2]), &body); err != nil {
				t.Fatal(err)
			}
			operation = body.Query
		}
		operations = append(operations, operation)
	}
	return operations
}

// TestReadme follows the README's tour, as somebody who pastes each step and fills in the ids that they got. What they watch must
// contain the ticket that they raise then.
func TestReadme(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	var token, customers, raise string
	ids := variables{}
	for _, operation := range examples(t, "../README.md") {
		switch {
		case strings.HasPrefix(operation, "subscription"):
			raised := watchFor(t, p, token, operation, func() { p.must(token, raise, ids) })
			if !strings.Contains(raised, `"description":"It is slow"`) {
				t.Errorf("the subscription got %s", raised)
			}
			continue
		case strings.Contains(operation, "customers("):
			customers = operation
		case strings.Contains(operation, "createTicket"):
			raise = operation
		}
		a := p.must(token, operation, ids)
		if text := a.text("signUpUser.tokens.accessToken"); text != "" {
			token = text
		}
		for variable, path := range map[string]string{
			"customer": "createCustomer.customer.id", "interaction": "createInteraction.interaction.id",
		} {
			if id := a.text(path); id != "" {
				ids[variable] = id
			}
		}
	}
	if customers == "" || raise == "" {
		t.Fatal("the README has no query of customers, or no ticket")
	}
	const ticket = "customers.nodes.0.interactions.nodes.0.tickets.nodes.0.description"
	if a := p.must(token, customers, nil); a.text(ticket) != "It is slow" {
		t.Errorf("the nested query got %s", a.raw)
	}
}

// watchFor subscribes, and makes a change until the subscription gets a response, which it returns: the first ones may happen before
// the subscription begins.
func watchFor(t *testing.T, p *process, token, subscription string, change func()) string {
	t.Helper()
	socket, err := dialSocket(t.Context(), p.url, initMessage(token), subscribeMessage("1", []byte(queryBody(subscription))))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.CloseNow() }()
	received := make(chan string, 1)
	go func() {
		for {
			_, text, err := socket.Read(t.Context())
			if err != nil || strings.Contains(string(text), `"id":"1"`) {
				received <- string(text)
				return
			}
		}
	}()
	var got string
	eventually(t, "the subscription gets a change", func() bool {
		change()
		select {
		case got = <-received:
			return true
		default:
			return false
		}
	})
	return got
}

// TestDocumentedOperations checks that the GraphQL examples in docs are valid.
func TestDocumentedOperations(t *testing.T) {
	t.Parallel()
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	files, err := filepath.Glob("../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no docs: %v", err)
	}
	for _, file := range files {
		for _, operation := range examples(t, file) {
			if _, errs := gqlparser.LoadQueryWithRules(schema, operation, rules.NewDefaultRules()); len(errs) > 0 {
				t.Errorf("%s: %s\nis not valid: %v", file, operation, errs)
			}
		}
	}
}
