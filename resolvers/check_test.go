package resolvers_test

import (
	"slices"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestCheck removes a document and an event behind the back of the domain, and checks that both are missed.
func TestCheck(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin, carl := s.signUpUser("Asha"), s.signUpCustomer("Carl")
		s.createTicket(admin, s.createInteraction(admin, carl, "Demo"), "It is slow")
		flaws := func() (found []string) {
			t.Helper()
			for {
				moved, err := s.store.MoveEvents(t.Context(), 100)
				if err != nil {
					t.Fatal(err)
				}
				if moved == 0 {
					break
				}
			}
			if err := s.db.Check(t.Context(), func(flaw string) error {
				found = append(found, flaw)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return found
		}
		if found := flaws(); len(found) > 0 {
			t.Errorf("a sound store has %v", found)
		}
		id, err := db.ParseID(db.KindCustomer, carl.id)
		if err != nil {
			t.Fatal(err)
		}
		for c, where := range map[*store.Collection]store.Filter{
			db.Customers.Collection: store.Eq("_id", id), store.Events: store.Eq("seq", 2),
		} {
			if n, err := s.store.Purge(t.Context(), c, where, 10); err != nil || n != 1 {
				t.Fatalf("%s: %d are removed, %v", c.Name, n, err)
			}
		}
		found := flaws()
		for _, want := range []string{"interaction int_", "customer " + carl.id, "between seq 1 and 3"} {
			if !slices.ContainsFunc(found, func(flaw string) bool { return strings.Contains(flaw, want) }) {
				t.Errorf("there is no %q in %v", want, found)
			}
		}
	})
}
