package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// assign assigns a ticket of the world to one of its users.
func (w *world) assign(ticket, user string) {
	w.s.t.Helper()
	w.s.must(w.people["ada"].token, `mutation($in: AssignTicketInput!) { assignTicket(input: $in) { ticket { id } } }`,
		variables{"in": variables{"id": w.ids[ticket], "assigneeId": w.ids[user]}})
}

// variables returns the ids of everything in the world by name.
func (w *world) variables() variables {
	vars := variables{}
	for name, id := range w.ids {
		vars[name] = id
	}
	return vars
}

// worldQuery returns a query, and worldMutation a mutation, which declares the variables of the world that it uses.
func worldQuery(w *world, selection string) string { return w.operation("query", selection) }

func worldMutation(w *world, selection string) string { return w.operation("mutation", selection) }

func (w *world) operation(kind, selection string) string {
	var declared []string
	for name := range w.ids {
		if strings.Contains(selection, "$"+name) {
			declared = append(declared, "$"+name+": ID!")
		}
	}
	if len(declared) == 0 {
		return kind + " { " + selection + " }"
	}
	return fmt.Sprintf("%s(%s) { %s }", kind, strings.Join(declared, ", "), selection)
}

// namesIn returns the distinct names of the documents at any depth of a response.
func (w *world) namesIn(in any) string {
	var names []string
	var walk func(any)
	walk = func(in any) {
		switch in := in.(type) {
		case map[string]any:
			if id, ok := in["id"].(string); ok {
				names = append(names, w.nameOf(id))
			}
			for _, value := range in {
				walk(value)
			}
		case []any:
			for _, item := range in {
				walk(item)
			}
		}
	}
	walk(in)
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// TestOtherUsersAreRedacted reads a user's record in every possible way: only the user and admins see the role and the time zone, and only
// staff whether the account is active and its address verified.
func TestOtherUsersAreRedacted(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.assign("leak", "uma")
		s.must(w.people["uma"].token, `mutation($id: ID!) { updateUser(input: {id: $id, timeZone: "Asia/Kolkata"}) { user { id } } }`,
			variables{"id": w.ids["uma"]})
		const record = " { ... on User { id name email version role active emailVerified deactivatedAt timeZone createdAt updatedAt } }"
		ways := map[string]string{
			"user":               "user(by: {id: $uma})" + record,
			"byEmail":            `byEmail: user(by: {email: "uma@example.com"})` + record,
			"node":               "node(id: $uma)" + record,
			"nodes.0":            "nodes(ids: [$uma])" + record,
			"users.nodes.0":      "users(where: {id: {eq: $uma}}) { nodes" + record + " }",
			"users.edges.0.node": "users(where: {id: {eq: $uma}}) { edges { node" + record + " } }",
			"interaction.user":   "interaction(id: $plan) { user" + record + " }",
			"ticket.assignee":    "ticket(id: $leak) { assignee" + record + " }",
			"viewer":             "viewer" + record,
		}
		for _, test := range []struct {
			viewer string
			all    bool
			ways   []string
		}{
			{"cleo", false, []string{"user", "byEmail", "node", "nodes.0", "users.nodes.0", "users.edges.0.node", "interaction.user", "ticket.assignee"}},
			{"otto", false, []string{"user", "byEmail", "node", "nodes.0", "users.nodes.0", "users.edges.0.node"}},
			{"uma", true, []string{"user", "byEmail", "node", "nodes.0", "users.nodes.0", "interaction.user", "ticket.assignee", "viewer"}},
			{"ada", true, []string{"user", "byEmail", "node", "nodes.0", "users.nodes.0", "interaction.user", "ticket.assignee"}},
		} {
			for _, way := range test.ways {
				a := s.must(w.people[test.viewer].token, worldQuery(w, ways[way]), w.variables())
				if a.text(way+".name") != "Uma" || a.text(way+".email") != "uma@example.com" {
					t.Errorf("%s doesn't see the name by %s: %s", test.viewer, way, a.raw)
				}
				if a.at(way+".createdAt") == nil || a.at(way+".updatedAt") == nil {
					t.Errorf("%s doesn't see the times by %s: %s", test.viewer, way, a.raw)
				}
				for field, want := range map[string]bool{"role": test.all, "timeZone": test.all, "active": test.viewer != "cleo", "emailVerified": test.viewer != "cleo"} {
					if shown := a.at(way+"."+field) != nil; shown != want {
						t.Errorf("%s sees the %s of uma by %s: %v, want %v", test.viewer, field, way, shown, want)
					}
				}
			}
		}
		s.must(w.people["ada"].token, `mutation($id: ID!) { deactivateUser(input: {id: $id}) { user { id } } }`,
			variables{"id": w.ids["uma"]})
		for viewer, want := range map[string]bool{"cleo": false, "otto": false, "ada": true} {
			a := s.must(w.people[viewer].token, worldQuery(w, ways["user"]), w.variables())
			if shown := a.at("user.deactivatedAt") != nil; shown != want || (a.at("user.active") == false) != (viewer != "cleo") {
				t.Errorf("%s sees that uma was deactivated: %s", viewer, a.raw)
			}
		}
	})
}

// TestFiltersOnHiddenFieldsAreRefused checks filters by hidden fields, which would reveal their values.
func TestFiltersOnHiddenFieldsAreRefused(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		for _, selection := range []string{
			`users(where: {role: {eq: ADMIN}}) { nodes { id } }`,
			`users(where: {role: {ne: ADMIN}}) { totalCount }`,
			`users(where: {active: true}) { nodes { id } }`,
			`users(where: {emailVerified: true}) { nodes { id } }`,
			`users(where: {not: {or: [{name: {eq: "x"}}, {and: [{role: {in: [USER]}}]}]}}) { nodes { id } }`,
			`tickets(where: {assignee: {role: {eq: ADMIN}}}) { nodes { id } }`,
			`tickets(where: {not: {assignee: {active: false}}}) { totalCount }`,
			`tickets(where: {interaction: {user: {role: {eq: ADMIN}}}}) { nodes { id } }`,
			`interactions(where: {user: {active: true}}) { nodes { id } }`,
			`interactions(where: {or: [{user: {not: {role: {eq: USER}}}}]}) { totalCount }`,
		} {
			s.refused(w.people["cleo"].token, worldQuery(w, selection), nil, deny)
			if strings.Contains(selection, "active") || strings.Contains(selection, "emailVerified") {
				s.must(w.people["uma"].token, worldQuery(w, selection), nil)
			} else {
				s.refused(w.people["uma"].token, worldQuery(w, selection), nil, deny)
			}
			s.must(w.people["ada"].token, worldQuery(w, selection), nil)
		}
		nested := `customers { nodes { interactions(where: {user: {role: {eq: USER}}}) { nodes { id } } } }`
		if a := s.ask(w.people["uma"].token, worldQuery(w, nested), nil); len(a.Errors) == 0 || a.Errors[0].Extensions.Code != deny {
			t.Errorf("a nested list can be filtered by a role: %s", a.raw)
		}
	})
}

// TestNothingHiddenIsReached queries hidden objects in many indirect ways. The ticket noise, on an interaction of otto with
// cato, is assigned to uma, who therefore sees it and its interaction, but not the other tickets on that.
func TestNothingHiddenIsReached(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.assign("noise", "uma")
		w.ids["letter"] = s.failedDelivery(w.ids["noise"])
		w.ids["invitation"] = s.failedDelivery(w.ids["call"])
		for _, test := range []struct{ viewer, selection, sees string }{
			{"ada", `tickets(where: {interaction: {title: {eq: "call"}}}) { nodes { id } }`, "noise"},
			{"uma", `tickets { nodes { id } }`, "leak noise"},
			{"uma", `ticket(id: $noise) { id interaction { id } customer { id } assignee { id } }`, "call cato noise uma"},
			{"uma", `tickets { nodes { interaction { id } } }`, "call plan"},
			{"uma", `tickets(where: {interaction: {title: {eq: "call"}}}) { nodes { id } }`, "noise"},
			{"uma", `tickets(where: {not: {interaction: {title: {eq: "call"}}}}) { nodes { id } }`, "leak"},
			{"uma", `tickets(where: {not: {interaction: {title: {eq: "plan"}}}}) { nodes { id } }`, "noise"},
			{"uma", `tickets(where: {or: [{interaction: {title: {startsWith: "c"}}}, {status: {eq: CLOSED}}]}) { nodes { id } }`, "noise"},
			{"uma", `tickets(where: {interaction: {customer: {name: {eq: "Cato"}}}}) { nodes { id } }`, "noise"},
			{"uma", `tickets(where: {interaction: {user: {name: {eq: "Otto"}}}}) { nodes { id } }`, "noise"},
			{"uma", `tickets(where: {customer: {name: {eq: "Cato"}}}) { nodes { id } }`, "noise"},
			{"uma", `interactions(where: {id: {in: [$plan, $call]}}) { nodes { id } }`, "call plan"},
			{"uma", `interactions(where: {not: {id: {eq: $plan}}}) { nodes { id } }`, "call"},
			{"uma", `interactions(where: {or: [{userId: {eq: $otto}}, {customer: {name: {eq: "Cato"}}}]}) { nodes { id } }`, "call"},
			{"uma", `users { nodes { interactions { nodes { id } } } }`, "call plan"},
			{"uma", `users { nodes { tickets { nodes { id } } } }`, "leak noise"},
			{"uma", `customer(by: {id: $cato}) { interactions { nodes { id } } tickets { nodes { id } } }`, "call noise"},
			{"otto", `user(by: {id: $uma}) { assignedTickets { nodes { id } } tickets { nodes { id } } }`, "noise"},
			{"otto", `user(by: {id: $uma}) { interactions { nodes { id } } }`, ""},
			{"cleo", `users(where: {not: {name: {eq: "x"}}}) { nodes { id } }`, "uma"},
			{"cleo", `user(by: {id: $uma}) { assignedTickets { nodes { id } } tickets { nodes { id } } interactions { nodes { id } } }`, "leak plan"},
			{"cato", `users(where: {email: {eq: "uma@example.com"}}) { nodes { id } }`, ""},
			{"cato", `customers(where: {or: [{email: {eq: "cleo@example.org"}}, {company: {isNull: false}}]}) { nodes { id } }`, "cato"},
			{"cato", `ticket(id: $noise) { id assignee { id } interaction { id user { id } } }`, "call noise otto"},
			{"cato", `tickets(where: {assignee: {name: {eq: "Uma"}}}) { nodes { id } }`, ""},
			{"cato", `tickets(where: {not: {assignee: {name: {eq: "Uma"}}}}) { nodes { id } }`, "noise"},
			{"cato", `interactions(where: {user: {name: {in: ["Uma", "Otto"]}}}) { nodes { id } }`, "call"},
			{"cato", `nodes(ids: [$plan, $leak, $uma, $cleo, $mail, $letter, $cato]) { id }`, "cato"},
			{"uma", `nodes(ids: [$mail, $letter, $invitation, $call, $noise]) { id }`, "call invitation letter mail noise"},
			{"otto", `nodes(ids: [$mail, $letter, $invitation]) { id }`, "invitation letter"},
			{"uma", `ticket(id: $noise) { deliveries { nodes { id } } }`, "letter"},
			{"uma", `interactions { nodes { deliveries { nodes { id } totalCount } } }`, "invitation mail"},
			{"ada", `interactions { nodes { deliveries { nodes { id } } } }`, "invitation mail"},
		} {
			test.selection = strings.ReplaceAll(test.selection, "{ nodes { id } }", "{ nodes { id } totalCount }")
			a := s.must(w.people[test.viewer].token, worldQuery(w, test.selection), w.variables())
			if got := w.namesIn(a.Data); got != test.sees {
				t.Errorf("%s sees %q by %s, want %q", test.viewer, got, test.selection, test.sees)
			}
			checkCounts(t, test.selection, a.Data)
		}
		for _, selection := range []string{
			`interaction(id: $plan) { id deliveries { totalCount } }`, `ticket(id: $leak) { id deliveries { nodes { id } } }`,
		} {
			a := s.ask(w.people["cleo"].token, worldQuery(w, selection), w.variables())
			if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != deny || w.namesIn(a.Data) == "" {
				t.Errorf("a customer asks for deliveries and gets %s, want all the rest and one error", a.raw)
			}
		}
		s.refused(w.people["otto"].token, `mutation($id: ID!) { redeliver(input: {id: $id}) { delivery { id } } }`,
			variables{"id": w.ids["mail"]}, hide)
	})
}

// checkCounts checks that every totalCount equals the number of visible elements.
func checkCounts(t *testing.T, selection string, in any) {
	t.Helper()
	switch in := in.(type) {
	case map[string]any:
		nodes, listed := in["nodes"].([]any)
		if count, ok := in["totalCount"].(float64); ok && listed && int(count) != len(nodes) {
			t.Errorf("%s counts %v and lists %d", selection, count, len(nodes))
		}
		for _, value := range in {
			checkCounts(t, selection, value)
		}
	case []any:
		for _, item := range in {
			checkCounts(t, selection, item)
		}
	}
}

// TestEverybodyCanPageThroughUsers checks that cursors work even if the viewer may not see the field that orders the list.
func TestEverybodyCanPageThroughUsers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		s.createInteraction(w.people["otto"], w.people["cleo"], "so that cleo sees two users")
		for _, order := range []string{"", `orderBy: {field: NAME}`, `orderBy: {field: EMAIL}`, `orderBy: {field: CREATED_AT}`} {
			for viewer, total := range map[string]int{"ada": 3, "uma": 3, "cleo": 2} {
				whole := s.must(w.people[viewer].token, fmt.Sprintf(`{ users(first: 100 %s) { nodes { name } } }`, order), nil)
				var want, forwards, backwards []string
				for i := range total {
					want = append(want, whole.text(fmt.Sprintf("users.nodes.%d.name", i)))
				}
				after, before := any(nil), any(nil)
				for range total {
					a := s.must(w.people[viewer].token, fmt.Sprintf(`query($after: String, $before: String) {
						f: users(first: 1 after: $after %[1]s) { nodes { name } pageInfo { endCursor } }
						b: users(last: 1 before: $before %[1]s) { edges { cursor node { name } } } }`, order),
						variables{"after": after, "before": before})
					forwards, after = append(forwards, a.text("f.nodes.0.name")), a.at("f.pageInfo.endCursor")
					backwards, before = append(backwards, a.text("b.edges.0.node.name")), a.at("b.edges.0.cursor")
				}
				slices.Reverse(backwards)
				if !slices.Equal(forwards, want) || !slices.Equal(backwards, want) || slices.Contains(want, "") {
					t.Errorf("%s pages through users(%s) forwards by %v and backwards by %v, want %v", viewer, order, forwards, backwards, want)
				}
			}
		}
	})
}
