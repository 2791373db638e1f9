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
		s.must(w.people["ada"].token, linkTickets, variables{"id": w.ids["leak"], "other": w.ids["noise"]})
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
		s.must(w.people["ada"].token, linkTickets, variables{"id": w.ids["leak"], "other": w.ids["noise"]}) // again, which adds none
		for path, ids := range map[string][2]string{"input.id": {"leak", "lost"}, "input.otherId": {"lost", "leak"}} {
			p := s.refused(w.people["ada"].token, linkTickets, variables{"id": w.ids[ids[0]], "other": w.ids[ids[1]]}, bad)
			if p.Extensions.Fields[0].Path != path {
				t.Errorf("a link too many is refused with %+v, want %s", p, path)
			}
		}
	})
}

const (
	linkTickets   = `mutation($id: ID!, $other: ID!) { linkTickets(input: {id: $id, otherId: $other}) { ticket { id title } } }`
	unlinkTickets = `mutation($id: ID!, $other: ID!) { unlinkTickets(input: {id: $id, otherId: $other}) { ticket { id title } } }`
)

// linked returns the titles of the tickets that a ticket is linked with, as an admin sees them.
func (w *world) linked(name string) string {
	w.s.t.Helper()
	a := w.s.must(w.people["ada"].token, `query($id: ID!) { ticket(id: $id) { linkedTickets { title } } }`, variables{"id": w.ids[name]})
	var got []string
	for i := 0; a.at(fmt.Sprintf("ticket.linkedTickets.%d", i)) != nil; i++ {
		got = append(got, a.text(fmt.Sprintf("ticket.linkedTickets.%d.title", i)))
	}
	return strings.Join(got, " ")
}

// TestLinksOfMergedTickets merges a ticket that is linked with another one, and with the ticket that it is merged into. Links by its id
// are those of the other one from then on.
func TestLinksOfMergedTickets(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		ada := w.people["ada"].token
		for _, other := range []string{"leak", "noise", "lost"} {
			s.must(ada, linkTickets, variables{"id": w.ids["again"], "other": w.ids[other]})
		}
		s.must(ada, linkTickets, variables{"id": w.ids["leak"], "other": w.ids["lost"]})
		s.must(w.people["uma"].token, mergeTickets, w.merging("again", "lost"))
		see := func(want map[string]string) {
			t.Helper()
			for name, titles := range want {
				if got := w.linked(name); got != titles {
					t.Errorf("%s is linked with %q, want %q", name, got, titles)
				}
			}
		}
		see(map[string]string{"lost": "noise leak", "leak": "lost", "noise": "lost"})
		s.must(ada, unlinkTickets, variables{"id": w.ids["noise"], "other": w.ids["again"]})
		see(map[string]string{"lost": "leak", "leak": "lost", "noise": ""})
		if a := s.must(ada, linkTickets, variables{"id": w.ids["again"], "other": w.ids["noise"]}); a.text("linkTickets.ticket.title") != "lost" {
			t.Errorf("linking a merged ticket returns %s", a.raw)
		}
		see(map[string]string{"lost": "noise leak", "leak": "lost", "noise": "lost"})
		s.refused(ada, linkTickets, variables{"id": w.ids["again"], "other": w.ids["lost"]}, bad)
	})
}

// TestLinksOfFullTicket merges a linked ticket into one that has as many links as it may have: it gets those, too.
func TestLinksOfFullTicket(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		_, full, err := db.ParseGlobalID(w.ids["lost"])
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			of := &db.TicketLink{ID: store.NewID(), OneID: store.NewID(), OtherID: full}
			if err := s.store.Insert(t.Context(), db.TicketLinks.Collection, of); err != nil {
				t.Fatal(err)
			}
		}
		s.must(w.people["ada"].token, linkTickets, variables{"id": w.ids["again"], "other": w.ids["leak"]})
		s.must(w.people["uma"].token, mergeTickets, w.merging("again", "lost"))
		if got := w.linked("lost") + ", " + w.linked("leak"); got != "leak, lost" {
			t.Errorf("the tickets are linked with %q", got)
		}
	})
}

// TestLinkWhileMerging links a ticket when its links have moved already.
func TestLinkWhileMerging(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		engine := &meanwhile{Store: whole.store, collection: db.TicketLinks.Collection}
		w := serve(t, engine, db.Options{}).newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		merge := func() { w.s.must(w.people["uma"].token, mergeTickets, w.merging("again", "lost")) }
		engine.do.Store(&merge)
		w.s.must(w.people["ada"].token, linkTickets, variables{"id": w.ids["again"], "other": w.ids["leak"]})
		if got := w.linked("lost") + ", " + w.linked("leak"); got != "leak, lost" {
			t.Errorf("the tickets are linked with %q", got)
		}
	})
}
