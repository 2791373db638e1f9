package resolvers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"crm/db"
)

var _ = inMatrix(func(*world) {},
	[]row{
		{"ticketByNumber", numbered("leak"), [6]string{anon, "leak", hide, "leak", hide, "leak"}},
	},
	nil,
	[]row{
		{"mergeTickets", twoTickets("fromId", "intoId"), [6]string{anon, deny, deny, okay, hide, okay}},
		{"linkTickets", twoTickets("id", "otherId"), [6]string{anon, deny, deny, okay, hide, okay}},
		{"unlinkTickets", twoTickets("id", "otherId"), [6]string{anon, deny, deny, okay, hide, okay}},
	},
)

// numbered returns the number of a ticket of the world.
func numbered(name string) input {
	return func(c *cell) variables {
		return variables{"number": c.s.must(c.people["ada"].token, `query($id: ID!) { ticket(id: $id) { number } }`, variables{"id": c.ids[name]}).at("ticket.number")}
	}
}

// twoTickets returns the ids of two new tickets on plan, of uma with cleo.
func twoTickets(one, other string) input {
	return func(c *cell) variables { return variables{one: onTicket(c)["id"], other: onTicket(c)["id"]} }
}

const mergeTickets = `mutation($in: MergeTicketsInput!) { mergeTickets(input: $in) { ticket { id number messages { totalCount } } } }`

func (w *world) merging(from, into string) variables {
	return variables{"in": variables{"fromId": w.ids[from], "intoId": w.ids[into]}}
}

// texts returns the texts of a ticket's messages that somebody sees.
func (w *world) texts(who, ticket string) string {
	w.s.t.Helper()
	a := w.s.must(w.people[who].token, `query($id: ID!) { ticket(id: $id) { messages(first: 100) { nodes { bodyText } } } }`, variables{"id": w.ids[ticket]})
	var texts []string
	for i := 0; a.at(fmt.Sprintf("ticket.messages.nodes.%d", i)) != nil; i++ {
		texts = append(texts, a.text(fmt.Sprintf("ticket.messages.nodes.%d.bodyText", i)))
	}
	return strings.Join(texts, ", ")
}

// TestMerge merges a ticket, and reaches it by everything that led to it before.
func TestMerge(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "again")
		w.reply("cleo", "again", "hello?", nil)
		w.raise("cleo", "cleo", "lost")
		w.note("uma", "again", "the same")
		w.reply("otto", "lost", "found", nil)
		s.must(w.people["otto"].token, takeTicket, variables{"id": w.ids["lost"]})
		number := s.must(w.people["ada"].token, worldQuery(w, `ticket(id: $again) { number }`), w.variables()).at("ticket.number")
		a := s.must(w.people["otto"].token, mergeTickets, w.merging("again", "lost"))
		if a.text("mergeTickets.ticket.id") != w.ids["lost"] || a.at("mergeTickets.ticket.messages.totalCount") != 4.0 {
			t.Errorf("merging answers %s", a.raw)
		}
		for who, want := range map[string]string{"otto": "again, hello?, the same, found", "cleo": "again, hello?, found", "ada": "again, hello?, the same, found"} {
			if got := w.texts(who, "lost"); got != want {
				t.Errorf("%s reads %q, want %q", who, got, want)
			}
		}
		s.must(w.people["otto"].token, mergeTickets, w.merging("again", "lost")) // repeated
		// uma sees the old ticket, which nobody is responsible for, and not the new one.
		for who, want := range map[string]string{"otto": "lost", "cleo": "lost", "ada": "lost", "uma": "", "cato": ""} {
			for _, selection := range []string{`ticket(id: $again) { id }`, `node(id: $again) { id }`, `ticketByNumber(number: ` + fmt.Sprint(number) + `) { id }`} {
				a := s.ask(w.people[who].token, worldQuery(w, selection), w.variables())
				if got := w.namesIn(a.Data); got != want || want == "" && a.Errors[0].Extensions.Code != hide {
					t.Errorf("%s gets %s by %s, want %q", who, a.raw, selection, want)
				}
			}
			a := s.must(w.people[who].token, worldQuery(w, `nodes(ids: [$again, $lost, $again]) { id }`), w.variables())
			if got := w.namesIn(a.Data); got != want || want != "" && a.text("nodes.2.id") != w.ids["lost"] {
				t.Errorf("%s gets %s by nodes, want %q", who, a.raw, want)
			}
		}
		list := s.must(w.people["cleo"].token, `{ tickets(where: {title: {eq: "again"}}) { nodes { status waitingSince mergedInto { title } viewerCan allowedTransitions messages { totalCount } } } }`, nil)
		const want = `{"status":"CLOSED","waitingSince":null,"mergedInto":{"title":"lost"},"viewerCan":[],"allowedTransitions":[],"messages":{"totalCount":0}}`
		if !strings.Contains(list.raw, want) {
			t.Errorf("the merged ticket is %s, want %s", list.raw, want)
		}
		// Messages on the old one are written on the new one, and have their effect there; nothing else can be done with it.
		w.reply("otto", "lost", "sent", variables{"status": "RESOLVED"})
		if a := w.reply("cleo", "again", "thanks", nil); a.text("replyToTicket.ticket.status") != "OPEN" || a.at("replyToTicket.ticket.waitingSince") == nil {
			t.Errorf("a message on the merged ticket answers %s", a.raw)
		}
		w.note("otto", "again", "done")
		if got := w.texts("otto", "again"); got != "again, hello?, the same, found, sent, thanks, done" {
			t.Errorf("then otto reads %q", got)
		}
		for _, mutation := range []string{
			`moveTicket(input: {id: $again, status: OPEN}) { ticket { id } }`, `assignTicket(input: {id: $again, assigneeId: null}) { ticket { id } }`,
			`mergeTickets(input: {fromId: $again, intoId: $leak}) { ticket { id } }`, `mergeTickets(input: {fromId: $leak, intoId: $again}) { ticket { id } }`,
			`mergeTickets(input: {fromId: $lost, intoId: $again}) { ticket { id } }`,
		} {
			if p := s.refused(w.people["ada"].token, worldMutation(w, mutation), w.variables(), "CONFLICT"); !strings.Contains(p.Message, w.ids["lost"]) {
				t.Errorf("%s is refused with %q, which doesn't name the new ticket", mutation, p.Message)
			}
		}
		// A further merge takes all along.
		w.assign("leak", "otto")
		s.must(w.people["otto"].token, mergeTickets, w.merging("lost", "leak"))
		if got := w.texts("cleo", "again"); !strings.HasSuffix(got, "again, hello?, lost, found, sent, thanks") || !strings.Contains(got, "word") {
			t.Errorf("after a further merge cleo reads %q", got)
		}
		w.reply("uma", "again", "last", nil)
		s.must(w.people["ada"].token, worldMutation(w, `deleteTicket(input: {id: $leak}) { deletedId }`), w.variables())
		if a := s.must(w.people["ada"].token, `{ tickets { nodes { title } } }`, nil); !strings.Contains(a.raw, `{"nodes":[{"title":"noise"}]}`) {
			t.Errorf("with the ticket, those that were merged into it aren't deleted: %s", a.raw)
		}
	})
}

// TestWrongMerges merges tickets that must not be.
func TestWrongMerges(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.assign("noise", "uma")
		for _, test := range []struct{ who, from, into, code, path string }{
			{"uma", "lost", "lost", bad, "input.intoId"},
			{"uma", "lost", "noise", bad, "input.intoId"}, // of another customer
			{"otto", "leak", "lost", hide, "input.fromId"},
			{"otto", "lost", "leak", hide, "input.intoId"},
			{"uma", "plan", "lost", bad, "input.fromId"},
		} {
			p := s.refused(w.people[test.who].token, mergeTickets, w.merging(test.from, test.into), test.code)
			if p.Extensions.Fields[0].Path != test.path {
				t.Errorf("%s merges %s into %s and is refused for %s, want %s", test.who, test.from, test.into, p.Extensions.Fields[0].Path, test.path)
			}
		}
		in := w.merging("lost", "leak")
		in["in"].(variables)["expectedVersion"] = 7
		s.refused(w.people["uma"].token, mergeTickets, in, "CONFLICT")
		w.setInternal("plan", true)
		s.refused(w.people["uma"].token, mergeTickets, w.merging("lost", "leak"), bad)
		s.refused(w.people["uma"].token, mergeTickets, w.merging("leak", "lost"), bad)
	})
}

// TestMergesAtTheSameTime merges tickets in opposite directions and in a circle, while their customer writes on all of them: one merge
// less than tickets succeeds at most, no message is lost, and all tickets lead to one that isn't merged.
func TestMergesAtTheSameTime(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		for _, circle := range [][]string{{"a", "b"}, {"c", "d", "e"}} {
			for _, name := range circle {
				w.raise("cleo", "cleo", name)
			}
			var running sync.WaitGroup
			merged := make([]answer, len(circle))
			for i, from := range circle {
				into := circle[(i+1)%len(circle)]
				running.Go(func() { merged[i] = s.ask(w.people["uma"].token, mergeTickets, w.merging(from, into)) })
				running.Go(func() {
					a := s.ask(w.people["cleo"].token, replyToTicket, variables{"in": variables{"ticketId": w.ids[from], "body": "on " + from}})
					if len(a.Errors) > 0 {
						t.Errorf("a message on %s gets %s", from, a.raw)
					}
				})
			}
			running.Wait()
			won := 0
			for _, a := range merged {
				if len(a.Errors) == 0 {
					won++
				} else if a.Errors[0].Extensions.Code != "CONFLICT" {
					t.Errorf("a merge gets %s", a.raw)
				}
			}
			if won == 0 || won == len(circle) || len(circle) == 2 && won != 1 {
				t.Errorf("%d merges among %v succeeded", won, circle)
			}
			s.completed() // what the requests left
			written := 0
			seen := map[string]bool{}
			for _, name := range circle {
				a := s.must(w.people["uma"].token, `query($id: ID!) { ticket(id: $id) { id status mergedInto { id } } }`, variables{"id": w.ids[name]})
				if a.at("ticket.mergedInto") != nil || a.text("ticket.status") != "OPEN" {
					t.Errorf("%s leads to %s", name, a.raw)
				}
				if id := a.text("ticket.id"); !seen[id] {
					seen[id] = true
					written += strings.Count(w.texts("cleo", name), "on ")
				}
			}
			if written != len(circle) || len(seen) != len(circle)-won {
				t.Errorf("%d of %d messages are left, on %d tickets after %d merges", written, len(circle), len(seen), won)
			}
		}
	})
}

// completed waits until what follows from all changes has been done.
func (s *server) completed() {
	s.t.Helper()
	defer runBroker(s.t, s.db)()
	for deadline := time.Now().Add(testTimeout); ; time.Sleep(time.Millisecond) {
		s.settle()
		left, err := s.db.UnplannedEvents(s.t.Context(), 1)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("not all events are planned")
		}
	}
}

// TestInterruptedMerge interrupts the server after a merge was decided: another server completes it.
func TestInterruptedMerge(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		engine := &unwritten{Store: whole.store}
		s := serve(t, engine, db.Options{})
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		w.reply("uma", "lost", "found", nil)
		w.reply("cleo", "again", "hello?", nil)
		engine.on.Store(true)
		s.refused(w.people["uma"].token, mergeTickets, w.merging("again", "lost"), "INTERNAL_SERVER_ERROR")
		engine.on.Store(false)
		s.refused(w.people["uma"].token, mergeTickets, w.merging("lost", "again"), "CONFLICT")
		runBroker(t, whole.db)
		const complete = `"version":4,"messages":{"nodes":[{"bodyText":"again"},{"bodyText":"found"},{"bodyText":"hello?"}]}`
		const read = `ticket(id: $again) { id waitingSince lastCustomerMessageAt version messages { nodes { bodyText } } }`
		var a answer
		for deadline := time.Now().Add(testTimeout); !strings.Contains(a.raw, complete); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the merge is never completed: %s", a.raw)
			}
			a = whole.must(w.people["uma"].token, worldQuery(w, read), w.variables())
		}
		if a.text("ticket.id") != w.ids["lost"] || a.at("ticket.waitingSince") == nil {
			t.Errorf("the completed ticket is %s", a.raw)
		}
	})
}
