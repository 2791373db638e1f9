package resolvers_test

import (
	"fmt"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestLinks links tickets, also of two customers.
func TestLinks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		link := func(who, name, id, other string) {
			t.Helper()
			s.must(w.people[who].token, fmt.Sprintf(`mutation($id: ID!, $other: ID!) { %s(input: {id: $id, otherId: $other}) { ticket { id } } }`, name),
				variables{"id": w.ids[id], "other": w.ids[other]})
		}
		for range 2 {
			link("ada", "linkTickets", "leak", "noise")
			link("uma", "linkTickets", "lost", "leak")
		}
		see := func(want map[string]string) {
			t.Helper()
			for who, links := range want {
				a := s.must(w.people[who].token, `{ tickets { nodes { title linkedTickets { title } } } }`, nil)
				var got []string
				for i := 0; a.at(fmt.Sprintf("tickets.nodes.%d", i)) != nil; i++ {
					for j := 0; a.at(fmt.Sprintf("tickets.nodes.%d.linkedTickets.%d", i, j)) != nil; j++ {
						got = append(got, a.text(fmt.Sprintf("tickets.nodes.%d.title", i))+"-"+a.text(fmt.Sprintf("tickets.nodes.%d.linkedTickets.%d.title", i, j)))
					}
				}
				if found := strings.Join(got, " "); found != links || a.Extensions.Cost.StoreCalls > 4 {
					t.Errorf("%s sees %q in %d calls, want %q", who, found, a.Extensions.Cost.StoreCalls, links)
				}
			}
		}
		see(map[string]string{"ada": "lost-leak noise-leak leak-lost leak-noise", "uma": "lost-leak leak-lost", "otto": "", "cleo": "", "cato": ""})
		for range 2 {
			link("ada", "unlinkTickets", "noise", "leak")
		}
		see(map[string]string{"ada": "lost-leak leak-lost"})
		s.must(w.people["cleo"].token, worldMutation(w, `deleteTicket(input: {id: $lost}) { deletedId }`), w.variables())
		see(map[string]string{"ada": "", "uma": ""})
		s.refused(w.people["uma"].token, worldMutation(w, `linkTickets(input: {id: $leak, otherId: $leak}) { ticket { id } }`), w.variables(), bad)
		s.refused(w.people["uma"].token, worldMutation(w, `linkTickets(input: {id: $leak, otherId: $noise}) { ticket { id } }`), w.variables(), hide)
	})
}

// TestManyLinks links a ticket that has as many links as it may have.
func TestManyLinks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		const link = `mutation($id: ID!, $other: ID!) { linkTickets(input: {id: $id, otherId: $other}) { ticket { id } } }`
		s.must(w.people["ada"].token, link, variables{"id": w.ids["leak"], "other": w.ids["noise"]})
		_, full, err := db.ParseGlobalID(w.ids["leak"])
		if err != nil {
			t.Fatal(err)
		}
		for range 49 {
			of := &db.TicketLink{ID: store.NewID(), OneID: store.NewID(), OtherID: full}
			if err := s.store.Insert(t.Context(), db.TicketLinks.Collection, of); err != nil {
				t.Fatal(err)
			}
		}
		s.must(w.people["ada"].token, link, variables{"id": w.ids["leak"], "other": w.ids["noise"]}) // again, which adds none
		for path, ids := range map[string][2]string{"input.id": {"leak", "lost"}, "input.otherId": {"lost", "leak"}} {
			p := s.refused(w.people["ada"].token, link, variables{"id": w.ids[ids[0]], "other": w.ids[ids[1]]}, bad)
			if p.Extensions.Fields[0].Path != path {
				t.Errorf("a link too many is refused with %+v, want %s", p, path)
			}
		}
	})
}

// TestLinksOfMergedTickets merges a ticket that is linked with another one, and with the ticket that it is merged into.
func TestLinksOfMergedTickets(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		const link = `mutation($id: ID!, $other: ID!) { linkTickets(input: {id: $id, otherId: $other}) { ticket { id } } }`
		for _, other := range []string{"leak", "noise", "lost"} {
			s.must(w.people["ada"].token, link, variables{"id": w.ids["again"], "other": w.ids[other]})
		}
		s.must(w.people["ada"].token, link, variables{"id": w.ids["leak"], "other": w.ids["lost"]})
		s.must(w.people["uma"].token, mergeTickets, w.merging("again", "lost"))
		for name, want := range map[string]string{"lost": "noise leak", "leak": "lost", "noise": "lost"} {
			a := s.must(w.people["ada"].token, `query($id: ID!) { ticket(id: $id) { linkedTickets { title } } }`, variables{"id": w.ids[name]})
			var got []string
			for i := 0; a.at(fmt.Sprintf("ticket.linkedTickets.%d", i)) != nil; i++ {
				got = append(got, a.text(fmt.Sprintf("ticket.linkedTickets.%d.title", i)))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s is linked with %q, want %q", name, got, want)
			}
		}
	})
}
