package resolvers_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// textFilter is a condition on customers' names, with the names that it matches.
type textFilter struct {
	operator, operand string
	want              []string
}

// literalTexts have characters that are special in SQL, its LIKE, regular expressions and MongoDB.
var literalTexts = []textFilter{
	{"contains", "00%", []string{"100% sure"}},
	{"startsWith", "100%", []string{"100% sure"}},
	{"startsWith", "%", nil},
	{"contains", "r_s", []string{"under_score"}},
	{"startsWith", "under_", []string{"under_score"}},
	{"contains", `k\s`, []string{`back\slash`}},
	{"contains", `k\%`, nil},
	{"contains", "r*s", nil},
	{"contains", "AR*", []string{"star*"}},
	{"startsWith", "st.r", []string{"st.r*"}},
	{"startsWith", "star*", []string{"star*"}},
	{"contains", "t.*", nil},
	{"eq", ".*", nil},
	{"startsWith", "^", nil},
	{"contains", "]^$", []string{"[a-z]^$"}},
	{"startsWith", "[A-", []string{"[a-z]^$"}},
	{"contains", "(A|B)+", []string{"(a|b)+"}},
	{"contains", "a|b", []string{"(a|b)+"}},
	{"contains", `ed" OR "`, nil},
	{"eq", "it's", []string{"it's"}},
	{"eq", "' OR ''='", nil},
	{"contains", "un\x00", nil},
	{"startsWith", "e\x00", nil},
	{"eq", `{"$gt": ""}`, nil},
	{"contains", "$'$", nil},
}

// foldedTexts are of several scripts, most of them in another case or form than the names.
var foldedTexts = []textFilter{
	{"eq", "é", []string{"e", "e\u0301", "É"}},
	{"eq", "E\u0301", []string{"e", "e\u0301", "É"}},
	{"eq", "E", []string{"e", "e\u0301", "É"}},
	{"eq", "strasse", []string{"STRASSE", "Straße"}},
	{"startsWith", "STRAß", []string{"STRASSE", "Straße"}},
	{"contains", "σίσυφος", []string{"ΣΊΣΥΦΟΣ"}},
	{"startsWith", "日", []string{"日本語"}},
	{"contains", "🙂 s", []string{"🙂 smile"}},
	{"contains", "日本語", []string{"日本語"}},
	{"contains", `"QUO`, []string{`"quoted"`}},
}

// seedNames stores a customer for each name that the text filters look for, and returns the names by id.
func (s *server) seedNames() map[string]string {
	s.t.Helper()
	names := map[string]string{}
	for i, name := range []string{
		"100% sure", "100 percent", "under_score", "underXscore", `back\slash`, "back/slash", "star*", "st.r*", "(a|b)+",
		"[a-z]^$", "É", "e\u0301", "e", "Straße", "STRASSE", "ΣΊΣΥΦΟΣ", "İstanbul", "日本語", "🙂 smile", `"quoted"`, "it's",
	} {
		id := store.NewID()
		s.seed(db.Customers.Collection, fields{"_id": id, "name": name, "email_key": strconv.Itoa(i)})
		names[db.KindCustomer.GlobalID(id)] = name
	}
	return names
}

// TestTextFilters checks that special characters of SQL's LIKE and of regular expressions are literal in a filter, and that
// case and accents don't matter in any script.
func TestTextFilters(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		names := s.seedNames()
		empty := []textFilter{
			{"startsWith", "", slices.Sorted(maps.Values(names))},
			{"eq", "", nil},
		}
		for _, test := range slices.Concat(literalTexts, foldedTexts, empty) {
			got := []string{}
			for _, id := range s.ids(admin.token, "customers", map[string]any{"name": map[string]any{test.operator: test.operand}}) {
				got = append(got, names[id])
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("%s %q matches %q, want %q", test.operator, test.operand, got, test.want)
			}
		}
	})
}

// named stores interactions of two customers and tickets on them, and returns their names by id.
func (s *server) named(admin account) map[string]string {
	s.t.Helper()
	_, adminID, err := db.ParseGlobalID(admin.id)
	if err != nil {
		s.t.Fatal(err)
	}
	names := map[string]string{}
	ids := map[string]store.ID{}
	add := func(kind entity.Kind, name string) store.ID {
		ids[name] = store.NewID()
		names[kind.GlobalID(ids[name])] = name
		return ids[name]
	}
	for _, name := range []string{"Rahul", "Stella"} {
		company := map[string]any{"Rahul": "TCS"}[name]
		companyKey := map[string]any{"Rahul": "tcs"}[name]
		s.seed(db.Customers.Collection, fields{"_id": add(db.KindCustomer, name), "name": name, "email_key": name, "company": company, "company_key": companyKey})
	}
	for i, name := range []string{"Demo", "Call", "Visit", "Lunch"} {
		s.seed(db.Interactions.Collection, fields{
			"_id": add(db.KindInteraction, name), "user_id": adminID, "customer_id": ids[[]string{"Rahul", "Stella"}[i%2]],
			"title": name, "kind": []string{"meeting", "task"}[i/2],
		})
	}
	for i, name := range []string{"broken", "lost", "late"} {
		interaction := []string{"Demo", "Call", "Visit"}[i]
		ticket := fields{
			"_id": add(db.KindTicket, name), "interaction_id": ids[interaction], "customer_id": ids[[]string{"Rahul", "Stella"}[i%2]],
			"interaction_user_id": adminID, "priority": i + 1,
		}
		if name == "lost" {
			ticket["assignee_id"] = adminID
		}
		s.seed(db.Tickets.Collection, ticket)
	}
	// A ticket without its customer and interaction matches no condition on them.
	s.seed(db.Tickets.Collection, fields{"_id": add(db.KindTicket, "dangling"), "interaction_id": store.NewID(), "customer_id": store.NewID(), "priority": 4})
	return names
}

// TestLogic tests and, or, not and conditions on related documents.
func TestLogic(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		names := s.named(admin)
		everyTicket := []string{"broken", "dangling", "late", "lost"}
		for _, test := range []struct {
			list, where string
			want        []string
		}{
			{"tickets", `{}`, everyTicket},
			{"tickets", `{and: []}`, everyTicket},
			{"tickets", `{or: []}`, nil},
			{"tickets", `{not: {}}`, nil},
			{"tickets", `{or: [{}]}`, everyTicket},
			{"tickets", `{priority: {}}`, everyTicket},
			{"tickets", `{id: {in: []}}`, nil},
			{"tickets", `{id: {notIn: []}}`, everyTicket},
			{"tickets", `{not: {or: []}}`, everyTicket},
			{"tickets", `{or: [{priority: {eq: LOW}}, {priority: {eq: HIGH}}]}`, []string{"broken", "late"}},
			{"tickets", `{or: {priority: {eq: LOW}}}`, []string{"broken"}},
			{"tickets", `{priority: {gt: LOW, lt: URGENT}}`, []string{"late", "lost"}},
			{"tickets", `{priority: {gt: LOW}, or: [{priority: {eq: LOW}}, {priority: {eq: HIGH}}]}`, []string{"late"}},
			{"tickets", `{and: [{priority: {ne: LOW}}, {not: {priority: {eq: HIGH}}}]}`, []string{"dangling", "lost"}},
			{"tickets", `{not: {and: [{priority: {gte: MEDIUM}}, {priority: {lte: HIGH}}]}}`, []string{"broken", "dangling"}},
			{"tickets", `{not: {not: {priority: {eq: LOW}}}}`, []string{"broken"}},
			{"tickets", `{priority: {eq: LOW, ne: LOW}}`, nil},
			{"tickets", `{assigneeId: {isNull: true, ne: "` + admin.id + `"}}`, []string{"broken", "dangling", "late"}},
			{"tickets", `{not: {assigneeId: {isNull: true}}}`, []string{"lost"}},
			{"tickets", `{customer: {company: {eq: "TCS"}}}`, []string{"broken", "late"}},
			{"tickets", `{customer: {company: {isNull: true}}}`, []string{"lost"}},
			{"tickets", `{customer: {company: {ne: "TCS"}}}`, []string{"lost"}},
			{"tickets", `{not: {customer: {company: {eq: "tcs"}}}}`, []string{"dangling", "lost"}},
			{"tickets", `{customer: {}}`, []string{"broken", "late", "lost"}},
			{"tickets", `{customer: {or: []}}`, nil},
			{"tickets", `{assignee: {name: {startsWith: "ro"}}}`, []string{"lost"}},
			{"tickets", `{not: {assignee: {name: {startsWith: "ro"}}}}`, []string{"broken", "dangling", "late"}},
			{"tickets", `{interaction: {title: {in: ["demo", "CALL"]}, customer: {name: {eq: "rahul"}}}}`, []string{"broken"}},
			{"tickets", `{interaction: {user: {email: {eq: "ROHAN@example.com"}}}, priority: {gte: HIGH}}`, []string{"late"}},
			{"tickets", `{or: [{interaction: {kind: {eq: TASK}}}, {customer: {name: {eq: "stella"}}}]}`, []string{"late", "lost"}},
			{"interactions", `{customer: {company: {contains: "tcs"}}}`, []string{"Demo", "Visit"}},
			{"interactions", `{user: {role: {eq: ADMIN}, active: true}, not: {customer: {company: {isNull: false}}}}`, []string{"Call", "Lunch"}},
			{"interactions", `{user: {role: {eq: USER}}}`, nil},
			{"interactions", `{and: [{or: [{title: {startsWith: "d"}}, {title: {startsWith: "l"}}]}, {kind: {eq: TASK}}]}`, []string{"Lunch"}},
			{"customers", `{or: [{company: {isNull: true}}, {name: {eq: "RAHUL"}}]}`, []string{"Rahul", "Stella"}},
		} {
			// This sends a literal; TestEveryOperator sends variables.
			a := s.must(admin.token, "{ "+test.list+"(where: "+test.where+") { nodes { id } totalCount } }", nil)
			var got []string
			for i := range a.at(test.list + ".nodes").([]any) {
				got = append(got, names[a.text(fmt.Sprintf("%s.nodes.%d.id", test.list, i))])
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) || a.at(test.list+".totalCount") != float64(len(got)) {
				t.Errorf("%s with %s are %q, want %q: %s", test.list, test.where, got, test.want, a.raw)
			}
		}
	})
}

// TestRelationsRevealNothingHidden checks that filtering by hidden documents reveals nothing about them.
func TestRelationsRevealNothingHidden(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		s.createInteraction(p.admin, p.stranger, "Hidden")
		// The user is assigned a ticket on another user's interaction, so they see both.
		hidden := s.createInteraction(p.admin, p.customer, "Secret plan")
		ticket := s.createTicket(p.admin, hidden, "For the user")
		s.must(p.admin.token, `mutation($id: ID!, $user: ID!) { assignTicket(input: {id: $id, assigneeId: $user}) { ticket { id } } }`,
			variables{"id": ticket, "user": p.user.id})
		for _, test := range []struct {
			who   account
			list  string
			where string
			want  int
		}{
			{p.user, "tickets", `{}`, 2},
			{p.user, "tickets", `{interaction: {}}`, 2},
			{p.user, "tickets", `{interaction: {title: {startsWith: "secret"}}}`, 1},
			{p.user, "tickets", `{interaction: {title: {eq: "hidden"}}}`, 0},
			{p.user, "interactions", `{title: {eq: "hidden"}}`, 0},
			{p.customer, "interactions", `{customer: {name: {startsWith: "r"}}}`, 2},
			{p.customer, "interactions", `{customer: {name: {startsWith: "s"}}}`, 0},
			{p.customer, "customers", `{}`, 1},
			{p.customer, "users", `{}`, 2},
			{p.stranger, "users", `{name: {eq: "uma"}}`, 0},
			{p.stranger, "tickets", `{assignee: {name: {eq: "uma"}}}`, 0},
		} {
			a := s.must(test.who.token, "{ "+test.list+"(where: "+test.where+") { nodes { id } totalCount } }", nil)
			if n := len(a.at(test.list + ".nodes").([]any)); n != test.want || a.at(test.list+".totalCount") != float64(n) {
				t.Errorf("%s of %s with %s: %s, want %d", test.list, test.who.email, test.where, a.raw, test.want)
			}
		}
	})
}
