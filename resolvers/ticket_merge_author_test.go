package resolvers_test

import (
	"strings"
	"testing"

	"crm/db"
)

// TestAuthorOfMergedRequest merges tickets whose texts several people wrote: what they ask for becomes the message of whoever wrote it, and
// nobody else may change that. The author of a ticket's title wrote no text that somebody else did.
func TestAuthorOfMergedRequest(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		const update = `mutation($in: UpdateTicketInput!) { updateTicket(input: $in) { ticket { id } } }`
		for _, test := range []struct {
			name, by     string
			changes      map[string]variables
			author, text string
		}{
			{"by its customer", "cleo", nil, "cleo", "by its customer"},
			{"by a user", "uma", nil, "uma", "by a user"},
			{"by an admin", "ada", nil, "ada", "by an admin"},
			{"rewritten", "cleo", map[string]variables{"uma": {"description": "by uma"}}, "uma", "by uma"},
			{"answered", "uma", map[string]variables{"cleo": {"description": "by cleo"}}, "cleo", "by cleo"},
			{"with a title of the staff", "cleo", map[string]variables{"uma": {"title": "A furious customer"}}, "cleo", "with a title of the staff"},
			{"with a title of the customer", "uma", map[string]variables{"cleo": {"title": "Help"}}, "uma", "with a title of the customer"},
			{"with their own title", "cleo", map[string]variables{"cleo": {"title": "Help"}}, "cleo", "Help\n\nwith their own title"},
			{"titled by an admin", "uma", map[string]variables{"ada": {"title": "Help"}}, "uma", "Help\n\ntitled by an admin"},
		} {
			w.raise("cleo", "cleo", "target")
			w.raise(test.by, "cleo", test.name)
			for who, change := range test.changes {
				change["id"] = w.ids[test.name]
				s.must(w.people[who].token, update, variables{"in": change})
			}
			s.must(w.people["otto"].token, mergeTickets, w.merging(test.name, "target"))
			for _, who := range []string{"cleo", "uma", "otto", "ada"} {
				a := s.must(w.people[who].token, worldQuery(w, `ticket(id: $target) { messages { totalCount nodes { bodyText viewerCan author { ... on User { id } ... on Customer { id } } } } }`), w.variables())
				const message = "ticket.messages.nodes.0."
				author := w.nameOf(a.text(message + "author.id"))
				if a.at("ticket.messages.totalCount") != 1.0 || author != test.author || a.text(message+"bodyText") != test.text {
					t.Errorf("%s: %s reads %s, want %q by %s", test.name, who, a.raw, test.text, test.author)
				}
				can := map[string]string{"ada": "DELETE", test.author: "EDIT DELETE"}[who]
				if got := words(a.at(message + "viewerCan")); got != can {
					t.Errorf("%s: %s can %q, want %q", test.name, who, got, can)
				}
			}
		}
	})
}

// TestRewrittenWhileMerging has a user rewrite the request of the merged ticket at the last moment: it is the user's then.
func TestRewrittenWhileMerging(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		w := mergedMeanwhile(t, whole, db.Tickets.Collection, "merged_into_id", func(w *world) {
			w.s.must(w.people["otto"].token, worldMutation(w, `updateTicket(input: {id: $again, description: "rewritten"}) { ticket { id } }`), w.variables())
		})
		a := whole.must(w.people["cleo"].token, worldQuery(w, `ticket(id: $lost) { messages { nodes { bodyText viewerCan author { ... on User { name } } } } }`), w.variables())
		if !strings.Contains(a.raw, `{"bodyText":"rewritten","viewerCan":[],"author":{"name":"Otto"}}`) {
			t.Errorf("the request is %s", a.raw)
		}
	})
}
