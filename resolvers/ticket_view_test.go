package resolvers_test

import (
	"context"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

var _ = inMatrix(func(*world) {}, nil, nil, []row{
	{"markTicketSeen", onTicket, [6]string{anon, okay, hide, okay, hide, okay}},
	{"markTicketSeen", onTicket.withID("lastMessageId", "word"), [6]string{anon, hide, hide, hide, hide, hide}},
	{"saveDraft", onConversation, [6]string{anon, okay, hide, okay, hide, okay}},
	{"saveDraft", onConversation.with("visibility", "INTERNAL"), [6]string{anon, bad, bad, okay, hide, okay}},
	{"deleteDraft", ofConversation, [6]string{anon, okay, hide, okay, hide, okay}},
})

// ofConversation returns the id of a new ticket on plan, of uma with cleo.
var ofConversation = input(func(c *cell) variables { return variables{"ticketId": onTicket(c)["id"]} })

// markSeen says that somebody has seen a ticket, or its messages up to one.
func (w *world) markSeen(who, ticket, last string) {
	w.s.t.Helper()
	in := variables{"id": w.ids[ticket]}
	if last != "" {
		in["lastMessageId"] = w.ids[last]
	}
	w.s.must(w.people[who].token, `mutation($in: MarkTicketSeenInput!) { markTicketSeen(input: $in) { ticket { id } } }`, variables{"in": in})
}

// TestUnread lets several people write on a ticket and read it: each has their own idea of what is new.
func TestUnread(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("uma", "cleo", "called")
		for _, step := range []struct {
			do   func()
			want string // who has something to read on lost, and then on called
		}{
			{func() {}, "ada otto uma,"},
			{func() { w.markSeen("uma", "lost", "") }, "ada otto,"},
			{func() { w.note("uma", "lost", "hint") }, "ada otto,"},
			{func() { w.reply("uma", "lost", "first", nil) }, "ada cleo otto,"},
			{func() { w.markSeen("cleo", "lost", "") }, "ada otto,"},
			{func() { w.reply("cleo", "lost", "second", nil) }, "ada otto uma,"},
			{func() { w.markSeen("uma", "lost", "first") }, "ada otto uma,"}, // what came while she was reading stays unread
			{func() { w.markSeen("uma", "lost", "second"); w.markSeen("uma", "lost", "first") }, "ada otto,"},
			{func() { w.markSeen("otto", "lost", "") }, "ada,"},
			{func() { w.note("otto", "lost", "aside2") }, "ada uma,"}, // a note is nothing to the customer
			{func() { w.reply("otto", "called", "third", nil) }, "ada uma,ada cleo uma"},
			{func() { w.reply("cleo", "called", "fourth", nil) }, "ada uma,ada otto uma"},
		} {
			step.do()
			var got []string
			for _, ticket := range []string{"lost", "called"} {
				var readers []string
				for _, who := range []string{"ada", "cleo", "otto", "uma"} {
					if w.s.must(w.people[who].token, `query($id: ID!) { ticket(id: $id) { unread } }`, variables{"id": w.ids[ticket]}).at("ticket.unread") == true {
						readers = append(readers, who)
					}
				}
				got = append(got, strings.Join(readers, " "))
			}
			if unread := strings.Join(got, ","); unread != step.want {
				t.Errorf("unread is %q, want %q", unread, step.want)
			}
		}
		a := s.must(w.people["uma"].token, `{ tickets { nodes { title unread draft { body } } } }`, nil)
		if calls := a.Extensions.Cost.StoreCalls; calls != 4 || strings.Count(a.raw, `"unread":true`) != 2 { // on leak, she has the last word
			t.Errorf("it takes %d calls to read %s", calls, a.raw)
		}
		hidden := s.refused(w.people["cleo"].token, `mutation($id: ID!, $last: ID) { markTicketSeen(input: {id: $id, lastMessageId: $last}) { ticket { id } } }`,
			variables{"id": w.ids["lost"], "last": w.ids["hint"]}, hide)
		if hidden.Extensions.Fields[0].Path != "input.lastMessageId" {
			t.Errorf("a note is refused as %+v", hidden)
		}
	})
}

const (
	saveDraft = `mutation($in: SaveDraftInput!) { saveDraft(input: $in) { draft { body visibility updatedAt } } }`
	readDraft = `query($id: ID!) { ticket(id: $id) { draft { body visibility } } }`
)

// TestDrafts saves drafts, which only their authors see, and sends them.
func TestDrafts(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		save := func(who, body, visibility string) {
			t.Helper()
			s.must(w.people[who].token, saveDraft, variables{"in": variables{"ticketId": w.ids["lost"], "body": body, "visibility": visibility}})
		}
		see := func(when string, want map[string]string) {
			t.Helper()
			for who, body := range want {
				a := s.must(w.people[who].token, readDraft, variables{"id": w.ids["lost"]})
				if got := a.text("ticket.draft.body"); got != body {
					t.Errorf("%s, %s has the draft %q, want %q", when, who, got, body)
				}
			}
		}
		s.settle()
		before := s.must(w.people["uma"].token, worldQuery(w, `ticket(id: $lost) { version updatedAt } latestSeq`), w.variables())
		save("uma", "Dear", "PUBLIC")
		save("uma", "Dear Cleo", "PUBLIC")
		save("otto", "he is difficult", "INTERNAL")
		save("cleo", "By the way", "PUBLIC")
		s.settle()
		if after := s.must(w.people["uma"].token, worldQuery(w, `ticket(id: $lost) { version updatedAt } latestSeq`), w.variables()); after.raw != before.raw {
			t.Errorf("drafts change %s to %s", before.raw, after.raw)
		}
		see("saved", map[string]string{"uma": "Dear Cleo", "otto": "he is difficult", "cleo": "By the way", "ada": ""})
		w.note("uma", "lost", "hm")
		w.reply("otto", "lost", "Hello", nil)
		see("after messages of the other visibility", map[string]string{"uma": "Dear Cleo", "otto": "he is difficult", "cleo": "By the way"})
		w.reply("uma", "lost", "Dear Cleo", nil)
		see("sent", map[string]string{"uma": "", "otto": "he is difficult", "cleo": "By the way"})
		for range 2 {
			s.must(w.people["cleo"].token, worldMutation(w, `deleteDraft(input: {ticketId: $lost}) { ticket { draft { body } } }`), w.variables())
		}
		see("deleted", map[string]string{"cleo": "", "otto": "he is difficult"})
		for _, wrong := range []variables{{"body": " "}, {"body": strings.Repeat("x", 10_001)}} {
			wrong["ticketId"] = w.ids["lost"]
			s.refused(w.people["uma"].token, saveDraft, variables{"in": wrong}, bad)
		}
		// Whoever loses the ticket loses the draft, and it goes with the ticket and the account.
		s.must(w.people["uma"].token, takeTicket, variables{"id": w.ids["lost"]})
		s.refused(w.people["otto"].token, readDraft, variables{"id": w.ids["lost"]}, hide)
		w.raise("cleo", "cleo", "found")
		s.must(w.people["otto"].token, saveDraft, variables{"in": variables{"ticketId": w.ids["found"], "body": "x"}})
		s.must(w.people["cleo"].token, saveDraft, variables{"in": variables{"ticketId": w.ids["found"], "body": "y"}})
		s.must(w.people["ada"].token, worldMutation(w, `deleteUser(input: {id: $otto, cascade: true}) { deletedId }`), w.variables())
		s.must(w.people["cleo"].token, worldMutation(w, `deleteTicket(input: {id: $found}) { deletedId }`), w.variables())
		views, err := s.store.Count(context.Background(), db.TicketViews.Collection, store.Not(store.IsNull("draft_text")))
		if err != nil || views != 0 {
			t.Errorf("%d drafts are left: %v", views, err)
		}
	})
}

// TestDraftsOnMergedTickets saves and deletes drafts by the id of a merged ticket, and merges one with drafts.
func TestDraftsOnMergedTickets(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		for _, draft := range [][3]string{{"uma", "again", "to the old one"}, {"uma", "lost", "to the new one"}, {"otto", "again", "by otto"}, {"cleo", "again", "by cleo"}} {
			s.must(w.people[draft[0]].token, saveDraft, variables{"in": variables{"ticketId": w.ids[draft[1]], "body": draft[2]}})
		}
		w.markSeen("otto", "lost", "") // otto has a view of it without a draft, and cleo has none
		s.must(w.people["uma"].token, mergeTickets, w.merging("again", "lost"))
		see := func(want map[string]string) {
			t.Helper()
			for who, body := range want {
				if got := s.must(w.people[who].token, readDraft, variables{"id": w.ids["lost"]}).text("ticket.draft.body"); got != body {
					t.Errorf("%s has the draft %q, want %q", who, got, body)
				}
			}
		}
		see(map[string]string{"uma": "to the new one", "otto": "by otto", "cleo": "by cleo", "ada": ""})
		s.must(w.people["otto"].token, saveDraft, variables{"in": variables{"ticketId": w.ids["again"], "body": "more"}})
		s.must(w.people["cleo"].token, worldMutation(w, `deleteDraft(input: {ticketId: $again}) { ticket { id } }`), w.variables())
		see(map[string]string{"otto": "more", "cleo": ""})
	})
}

// TestSeenAfterDeletion lets somebody see a ticket whose last message was deleted.
func TestSeenAfterDeletion(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.reply("cleo", "lost", "hello?", nil)
		s.must(w.people["cleo"].token, `mutation($id: ID!) { deleteMessage(input: {id: $id}) { deletedId } }`, variables{"id": w.ids["hello?"]})
		w.markSeen("uma", "lost", "")
		if a := s.must(w.people["uma"].token, `query($id: ID!) { ticket(id: $id) { unread } }`, variables{"id": w.ids["lost"]}); a.at("ticket.unread") != false {
			t.Errorf("the ticket that uma has seen is %s", a.raw)
		}
	})
}
