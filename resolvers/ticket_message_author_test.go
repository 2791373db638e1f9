package resolvers_test

import (
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestAuthorKind has all kinds of authors write on a ticket, and deletes their accounts: who reads it still knows which side wrote what.
func TestAuthorKind(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.reply("otto", "lost", "by otto", nil)
		w.note("otto", "lost", "note")
		w.reply("cleo", "lost", "by cleo", nil)
		w.reply("ada", "lost", "by ada", nil)
		from := []store.Assignment{{Field: "author_id"}, {Field: "external_email", Value: "jo@b.example"}}
		if err := s.store.Update(t.Context(), db.TicketMessages.Collection, idOf(t, w.ids["by ada"]), store.Filter{}, from); err != nil {
			t.Fatal(err)
		}
		kinds := func(who string) string {
			t.Helper()
			a := s.must(w.people[who].token, worldQuery(w, `ticket(id: $lost) { messages { nodes { authorKind author { ... on User { name } ... on Customer { name } } } } }`), w.variables())
			_, list, _ := strings.Cut(a.raw, `"nodes":`)
			list, _, _ = strings.Cut(list, "}}}")
			return list
		}
		const all = `[{"authorKind":"USER","author":{"name":"Otto"}},{"authorKind":"USER","author":{"name":"Otto"}},{"authorKind":"CUSTOMER","author":{"name":"Cleo"}},{"authorKind":"EXTERNAL","author":{}}]`
		if got := kinds("uma"); got != all {
			t.Errorf("uma reads %s, want %s", got, all)
		}
		s.must(w.people["ada"].token, worldMutation(w, `deleteUser(input: {id: $otto, cascade: true}) { deletedId }`), w.variables())
		const public = `[{"authorKind":"USER","author":null},{"authorKind":"CUSTOMER","author":{"name":"Cleo"}},{"authorKind":"EXTERNAL","author":{}}]`
		if got := kinds("cleo"); got != public {
			t.Errorf("cleo reads %s, want %s", got, public)
		}
		s.must(w.people["cleo"].token, worldMutation(w, `deleteCustomer(input: {id: $cleo}) { deletedId }`), w.variables())
		const left = `[{"authorKind":"USER","author":null},{"authorKind":"USER","author":null},{"authorKind":"CUSTOMER","author":null},{"authorKind":"EXTERNAL","author":{}}]`
		if got := kinds("uma"); got != left {
			t.Errorf("uma reads %s, want %s", got, left)
		}
	})
}
