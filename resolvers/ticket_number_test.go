package resolvers_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"crm/db"
	"crm/db/legacy"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

// TestTicketNumbers raises tickets on two servers at once, deletes some, and restarts: numbers ascend, and none is used twice.
func TestTicketNumbers(t *testing.T) {
	t.Parallel()
	database := mongotest.Database(t)
	for engine, open := range map[string]func(t *testing.T) store.Store{
		"sqlite": openSQLite, "mongo": func(t *testing.T) store.Store { return mongotest.OpenOn(t, database, db.Collections()) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			shared := open(t)
			first, second := serve(t, shared, db.Options{}), serve(t, shared, db.Options{})
			w := first.newWorld()
			plan, used := w.ids["plan"], map[float64]bool{}
			var mutex sync.Mutex
			highest := 0.0
			raise := func(s *server, title string) float64 {
				a := s.must(w.people["uma"].token, `mutation($in: CreateTicketInput!) { createTicket(input: $in) { ticket { id number title } } }`,
					variables{"in": variables{"interactionId": plan, "title": title, "description": "x"}})
				number := a.at("createTicket.ticket.number").(float64)
				mutex.Lock()
				defer mutex.Unlock()
				if used[number] {
					t.Errorf("number %v is used twice", number)
				}
				used[number], highest = true, max(highest, number)
				w.ids[title] = a.text("createTicket.ticket.id")
				return number
			}
			var running sync.WaitGroup
			for i, s := range []*server{first, second, first, second} {
				running.Go(func() {
					for j := range 8 {
						raise(s, fmt.Sprintf("at once %d %d", i, j))
					}
				})
			}
			running.Wait()
			third := serve(t, shared, db.Options{})
			for round := range 3 {
				for i, s := range []*server{first, second, third} {
					title := fmt.Sprintf("in turn %d %d", round, i)
					before := highest
					if number := raise(s, title); number <= before {
						t.Errorf("number %v comes after %v", number, before)
					}
					// The newest ticket is deleted, so that its number is no longer stored.
					s.must(w.people["ada"].token, `mutation($id: ID!) { deleteTicket(input: {id: $id}) { deletedId } }`, variables{"id": w.ids[title]})
				}
			}
		})
	}
}

// TestTicketTitles checks the titles that tickets have, and that tickets are found by number and title.
func TestTicketTitles(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		old := s.newTicketIn(w, "OPEN") // without number and title, like those of an earlier version
		if err := s.db.Prepare(t.Context(), time.Minute, legacy.Backfill, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		if a := s.must(w.people["uma"].token, `query($id: ID!) { ticket(id: $id) { number title version } }`, variables{"id": old}); a.at("ticket.number") == nil ||
			a.text("ticket.title") != "T" || a.at("ticket.version") != 1.0 {
			t.Errorf("the old ticket is %s", a.raw)
		}
		for description, title := range map[string]string{
			"The printer is on fire": "The printer is on fire", "\n\n  First \t line  \r\nsecond": "First line",
			strings.Repeat("a", 300): strings.Repeat("a", 199) + "…",
		} {
			id := s.createTicket(w.people["cleo"], w.ids["plan"], description)
			a := s.must(w.people["cleo"].token, `query($id: ID!) { ticket(id: $id) { title } }`, variables{"id": id})
			if got := a.text("ticket.title"); got != title {
				t.Errorf("%q has the title %q, want %q", description, got, title)
			}
		}
		id := s.createTicket(w.people["cleo"], w.ids["plan"], "It is broken")
		update := func(input, want string) {
			t.Helper()
			a := s.must(w.people["cleo"].token, `mutation($id: ID!) { updateTicket(input: {id: $id, `+input+`}) { ticket { title number } } }`, variables{"id": id})
			if got := a.text("updateTicket.ticket.title"); got != want {
				t.Errorf("after %s the title is %q, want %q", input, got, want)
			}
		}
		update(`description: "It is very broken"`, "It is very broken")
		update(`title: "Printer"`, "Printer")
		update(`description: "Still broken"`, "Printer")
		number := s.must(w.people["cleo"].token, `query($id: ID!) { ticket(id: $id) { number } }`, variables{"id": id}).at("ticket.number")
		for _, where := range []string{fmt.Sprintf("{number: {eq: %v}}", number), `{title: {contains: "PRINT"}, number: {gt: 1}, status: {eq: OPEN}, not: {title: {contains: "fire"}}}`} {
			if a := s.must(w.people["cleo"].token, `{ tickets(where: `+where+`) { totalCount nodes { id } } }`, nil); a.text("tickets.nodes.0.id") != id || a.at("tickets.totalCount") != 1.0 {
				t.Errorf("%s finds %s", where, a.raw)
			}
		}
	})
}
