package resolvers_test

import (
	"testing"

	"crm/db/store"
)

// TestSearchInTexts searches long texts, among what the viewer may see.
func TestSearchInTexts(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		s.must(w.people["uma"].token, `mutation($id: ID!) { updateInteraction(input: {
			id: $id, description: "Bring the CONTRACT\nand the price list.", location: "Großer Saal"}) { interaction { id } } }`, variables{"id": w.ids["plan"]})
		s.must(w.people["cleo"].token, `mutation($id: ID!) { updateTicket(input: {
			id: $id, description: "The roof leaks since\nMonday."}) { ticket { id } } }`, variables{"id": w.ids["leak"]})
		for _, test := range []struct{ viewer, selection, sees string }{
			{"ada", `interactions(where: {description: {contains: "contract\nAND"}}) { totalCount nodes { id } }`, "plan"},
			{"ada", `interactions(where: {location: {contains: "grosser"}}) { totalCount nodes { id } }`, "plan"},
			{"ada", `interactions(where: {not: {location: {contains: "saal"}}}) { totalCount nodes { id } }`, "call"},
			{"ada", `interactions(where: {description: {}}) { totalCount nodes { id } }`, "call plan"},
			{"ada", `tickets(where: {description: {contains: "MONDAY"}}) { totalCount nodes { id } }`, "leak"},
			{"ada", `customers(where: {tickets: {some: {description: {contains: "roof"}}}}) { totalCount nodes { id } }`, "cleo"},
			{"cleo", `tickets(where: {description: {contains: "noise"}}) { totalCount nodes { id } }`, ""},
			{"cato", `tickets(where: {description: {contains: "noise"}}) { totalCount nodes { id } }`, "noise"},
			{"otto", `interactions(where: {description: {contains: "contract"}}) { totalCount nodes { id } }`, ""},
		} {
			a := s.must(w.people[test.viewer].token, worldQuery(w, test.selection), w.variables())
			if got := w.namesIn(a.Data); got != test.sees {
				t.Errorf("%s sees %q by %s, want %q", test.viewer, got, test.selection, test.sees)
			}
			checkCounts(t, test.selection, a.Data)
		}
		s.wantProblem(s.ask(w.people["ada"].token, `{ tickets(where: {description: {contains: "ab"}}) { totalCount } }`, nil),
			store.BadInput, "where.description.contains", "at least 3 characters")
	})
}
