package resolvers_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"crm/db"
	"crm/db/textkey"
)

// customersNamed creates customers of these names.
func (s *server) customersNamed(token string, names ...string) {
	s.t.Helper()
	for i, name := range names {
		s.must(token, `mutation($in: CreateCustomerInput!) { createCustomer(input: $in) { customer { id } } }`,
			variables{"in": variables{"name": name, "email": fmt.Sprintf("n%d@example.org", i), "company": name}})
	}
}

// namesOf returns the names of the customers that a list's arguments select.
func (s *server) namesOf(token, arguments string) string {
	s.t.Helper()
	list, _ := s.must(token, `{ customers(first: 100, `+arguments+`) { nodes { name } } }`, nil).at("customers.nodes").([]any)
	names := make([]string, len(list))
	for i, node := range list {
		names[i] = node.(map[string]any)["name"].(string)
	}
	return strings.Join(names, ", ")
}

// TestSearchByName checks that people are found by what others type: without accents, and by words of two characters where
// words are that short.
func TestSearchByName(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		s.customersNamed(admin.token, "José García", "Jose Garcia", "Łukasz Øre", "日立製作所", "張偉", "김철수", "O’Brien", "Straße 2")
		for where, want := range map[string]string{
			`{eq: "jose garcia"}`: "José García, Jose Garcia", `{eq: "JOSÉ GARCÍA"}`: "José García, Jose Garcia", `{startsWith: "jos"}`: "José García, Jose Garcia",
			`{contains: "garci"}`: "José García, Jose Garcia", `{eq: "José García", exact: true}`: "José García", `{eq: "Jose Garcia", exact: true}`: "Jose Garcia",
			`{contains: "García", exact: true}`: "José García", `{startsWith: "Jose", exact: true}`: "Jose Garcia", `{contains: "garcía", exact: true}`: "",
			`{eq: "jose garcia", exact: false}`: "José García, Jose Garcia", `{in: ["José García", "張偉"], exact: true}`: "José García, 張偉",
			`{in: ["jose garcia", "張偉"]}`: "José García, Jose Garcia, 張偉", `{notIn: ["jose garcia", "張偉", "日立製作所", "김철수", "o'brien"]}`: "Łukasz Øre, Straße 2",
			`{ne: "José García", exact: true, contains: "Jos"}`: "Jose Garcia", `{contains: "lukasz"}`: "Łukasz Øre", `{contains: "ore"}`: "Łukasz Øre",
			`{contains: "日立"}`: "日立製作所", `{contains: "製作"}`: "日立製作所", `{contains: "日製"}`: "", `{contains: "立製作"}`: "日立製作所", `{contains: "張偉"}`: "張偉",
			`{contains: "철수"}`: "김철수", `{startsWith: "張"}`: "張偉", `{eq: "張偉"}`: "張偉", `{startsWith: "日立製作所"}`: "日立製作所", `{contains: "o'b"}`: "O’Brien", `{contains: "strasse"}`: "Straße 2",
			`{contains: "日立", exact: true}`: "日立製作所",
		} {
			for _, field := range []string{"name", "company"} {
				arguments := `where: {` + field + `: ` + where + `}, orderBy: [{field: CREATED_AT}]`
				if got := s.namesOf(admin.token, arguments); got != want {
					t.Errorf("%s %s finds %q, want %q", field, where, got, want)
				}
			}
		}
		for _, where := range []string{`{contains: "jo"}`, `{contains: "日"}`, `{contains: "\u0301\u0301\u0301"}`, `{contains: "日 "}`} {
			s.wantProblem(s.ask(admin.token, `{ customers(where: {name: `+where+`}) { totalCount } }`, nil), "BAD_USER_INPUT", "where.name.contains", "at least 3 characters")
		}
	})
}

// TestOrderByName checks that lists are in the order that people expect, also after the operator has changed the language.
func TestOrderByName(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		s.customersNamed(admin.token, "Zebra", "Äpfel", "team 10", "Team 2", "Apfelsaft", "ähnlich", "Österreich", "Otto", "日立", "Ana B", "anab")
		const byName = `where: {email: {startsWith: "n"}}, orderBy: [{field: NAME}]`
		const want = "ähnlich, Ana B, anab, Äpfel, Apfelsaft, Österreich, Otto, Team 2, team 10, Zebra, 日立"
		if got := s.namesOf(admin.token, byName); got != want {
			t.Errorf("by name, they are %s", got)
		}
		swedish, err := textkey.ParseCollation("sv")
		if err != nil {
			t.Fatal(err)
		}
		s = serve(t, s.store, db.Options{Keys: textkey.New("", swedish)})
		if err := s.db.Upgrade(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		const wantSwedish = "Ana B, anab, Apfelsaft, Otto, Team 2, team 10, Zebra, ähnlich, Äpfel, Österreich, 日立"
		if got := s.namesOf(admin.token, byName); got != wantSwedish {
			t.Errorf("by name in Swedish, they are %s", got)
		}
		// Cursors lead through all of them, in both directions.
		var paged []string
		for after := ""; ; {
			page := s.must(admin.token, `query($after: String) { customers(first: 3, after: $after, `+byName+`) { nodes { name } pageInfo { endCursor hasNextPage } } }`,
				variables{"after": after})
			for _, node := range page.at("customers.nodes").([]any) {
				paged = append(paged, node.(map[string]any)["name"].(string))
			}
			if after = page.text("customers.pageInfo.endCursor"); page.at("customers.pageInfo.hasNextPage") != true {
				break
			}
		}
		if got := strings.Join(paged, ", "); got != wantSwedish {
			t.Errorf("page by page, they are %s", got)
		}
	})
}
