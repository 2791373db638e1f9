package resolvers_test

import (
	"fmt"
	"testing"

	"crm/db/store"
)

// TestListFilters filters documents by the documents of their lists. What the viewer may not see neither matches some nor
// prevents none.
func TestListFilters(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.ids["cleo's second"] = s.createInteraction(w.people["uma"], w.people["cleo"], "review")
		w.people["nora"] = s.signUpCustomer("Nora")
		w.ids["nora"] = w.people["nora"].id
		for _, test := range []struct{ viewer, selection, sees string }{
			{"ada", `customers(where: {interactions: {none: {}}}) { totalCount nodes { id } }`, "nora"},
			{"ada", `customers(where: {interactions: {some: {}}}) { totalCount nodes { id } }`, "cato cleo"},
			{"ada", `customers(where: {interactions: {some: {title: {contains: "rev"}}}}) { totalCount nodes { id } }`, "cleo"},
			{"ada", `customers(where: {interactions: {some: {}, none: {title: {eq: "call"}}}}) { totalCount nodes { id } }`, "cleo"},
			{"ada", `customers(where: {not: {interactions: {some: {status: {eq: PLANNED}}}}}) { totalCount nodes { id } }`, "nora"},
			{"ada", `customers(where: {interactions: {none: {title: {eq: "plan"}}}}) { totalCount nodes { id } }`, "cato nora"},
			{"ada", `customers(where: {interactions: {some: {tickets: {some: {status: {eq: OPEN}}}}}}) { totalCount nodes { id } }`, "cato cleo"},
			{"ada", `customers(where: {or: [{name: {eq: "Nora"}}, {tickets: {some: {}}}]}) { totalCount nodes { id } }`, "cato cleo nora"},
			{"ada", `customers(where: {interactions: {}}) { totalCount nodes { id } }`, "cato cleo nora"},
			{"ada", `interactions(where: {tickets: {none: {}}}) { totalCount nodes { id } }`, "cleo's second"},
			{"ada", `interactions(where: {customer: {interactions: {some: {title: {eq: "review"}}}}}) { totalCount nodes { id } }`, "cleo's second plan"},
			{"ada", `users(where: {interactions: {none: {}}, name: {ne: "Otto"}}) { totalCount nodes { id } }`, "ada"},
			{"ada", `users(where: {tickets: {some: {customer: {name: {eq: "Cato"}}}}}) { totalCount nodes { id } }`, "otto"},
			{"ada", `users(where: {assignedTickets: {some: {}}}) { totalCount nodes { id } }`, ""},
			{"uma", `customers(where: {interactions: {some: {}}}) { totalCount nodes { id } }`, "cleo"},
			{"uma", `customers(where: {interactions: {none: {}}}) { totalCount nodes { id } }`, "cato nora"},
			{"cleo", `customers(where: {notes: {some: {}}}) { totalCount nodes { id } }`, ""},
			{"cleo", `customers(where: {notes: {none: {}}}) { totalCount nodes { id } }`, "cleo"},
		} {
			a := s.must(w.people[test.viewer].token, worldQuery(w, test.selection), w.variables())
			if got := w.namesIn(a.Data); got != test.sees {
				t.Errorf("%s sees %q by %s, want %q", test.viewer, got, test.selection, test.sees)
			}
			checkCounts(t, test.selection, a.Data)
		}
		for where, path := range map[string]string{
			`{interactions: null}`:         "where.interactions",
			`{interactions: {some: null}}`: "where.interactions.some",
			`{interactions: {none: {tickets: {some: {id: {eq: "nonsense"}}}}}}`: "where.interactions.none.tickets.some.id.eq",
		} {
			s.wantProblem(s.ask(w.people["ada"].token, fmt.Sprintf(`{ customers(where: %s) { totalCount } }`, where), nil), store.BadInput, path, "")
		}
		s.wantProblem(s.ask(w.people["uma"].token, `{ interactions(where: {tickets: {some: {assignee: {role: {eq: ADMIN}}}}}) { totalCount } }`, nil),
			store.Forbidden, "where.tickets.some.assignee.role", "admin")
	})
}
