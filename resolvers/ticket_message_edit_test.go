package resolvers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// TestEditingMessages edits and deletes messages, also too late and in vain.
func TestEditingMessages(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		edit := func(who, message, body string) answer {
			return s.ask(w.people[who].token, `mutation($in: EditMessageInput!) { editMessage(input: $in) { message { bodyText editedAt version } } }`,
				variables{"in": variables{"id": w.ids[message], "body": body}})
		}
		if a := edit("cleo", "word", "word"); a.at("editMessage.message.version") != 1.0 || a.at("editMessage.message.editedAt") != nil {
			t.Errorf("an edit that changes nothing answers %s", a.raw)
		}
		if a := edit("cleo", "word", "another word"); a.text("editMessage.message.bodyText") != "another word" || a.at("editMessage.message.editedAt") == nil {
			t.Errorf("an edit answers %s", a.raw)
		}
		found := s.must(w.people["cleo"].token, `{ tickets(where: {messages: {some: {bodyText: {contains: "another"}}}}) { totalCount } }`, nil)
		if found.at("tickets.totalCount") != 1.0 {
			t.Errorf("the new text isn't found: %s", found.raw)
		}
		for _, body := range []string{"", " ", strings.Repeat("x", 10_001)} {
			if a := edit("cleo", "word", body); len(a.Errors) != 1 || a.Errors[0].Extensions.Code != bad || a.Errors[0].Extensions.Fields[0].Path != "input.body" {
				t.Errorf("a text of %d characters gets %s", len(body), a.raw)
			}
			s.refused(w.people["cleo"].token, replyToTicket, variables{"in": variables{"ticketId": w.ids["leak"], "body": body}}, bad)
		}
		// Sixteen minutes later.
		old := time.Now().UTC().Add(-16 * time.Minute).Truncate(time.Millisecond)
		if err := s.store.Update(t.Context(), db.TicketMessages.Collection, idOf(t, w.ids["word"]), store.Filter{},
			[]store.Assignment{{Field: "created_at", Value: old}}); err != nil {
			t.Fatal(err)
		}
		if a := edit("cleo", "word", "too late"); len(a.Errors) != 1 || a.Errors[0].Extensions.Code != deny {
			t.Errorf("an edit that comes too late gets %s", a.raw)
		}
		const remove = `mutation($id: ID!, $version: Int) { deleteMessage(input: {id: $id, expectedVersion: $version}) { deletedId } }`
		s.refused(w.people["cleo"].token, remove, variables{"id": w.ids["word"]}, deny)
		s.refused(w.people["ada"].token, remove, variables{"id": w.ids["word"], "version": 1}, "CONFLICT")
		s.must(w.people["ada"].token, remove, variables{"id": w.ids["word"], "version": 2})
		s.refused(w.people["ada"].token, remove, variables{"id": w.ids["word"]}, hide)
		// The place of a deleted message isn't used again, so that the next one has its effect.
		w.reply("cleo", "leak", "last", nil)
		s.must(w.people["cleo"].token, remove, variables{"id": w.ids["last"]})
		if a := w.reply("uma", "leak", "done", variables{"status": "RESOLVED"}); a.text("replyToTicket.ticket.status") != "RESOLVED" {
			t.Errorf("after a deletion, a message answers %s", a.raw)
		}
	})
}

// TestAnswers answers messages, also hidden and foreign ones.
func TestAnswers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.reply("uma", "leak", "answer", variables{"inReplyToId": w.ids["word"]})
		w.reply("uma", "leak", "about", variables{"inReplyToId": w.ids["aside"]})
		w.reply("cleo", "leak", "thanks", variables{"inReplyToId": w.ids["answer"]})
		s.must(w.people["uma"].token, worldMutation(w, `addTicketNote(input: {ticketId: $leak, body: "fine", inReplyToId: $thanks}) { message { id } }`), w.variables())
		for who, want := range map[string]string{
			"cleo": `"word":null,"answer":"word","about":null,"thanks":"answer",`,
			"uma":  `"word":null,"aside":null,"answer":"word","about":"aside","thanks":"answer","fine":"thanks",`,
		} {
			a := s.must(w.people[who].token, worldQuery(w, `ticket(id: $leak) { messages { nodes { bodyText inReplyTo { bodyText ticket { title } } } } }`), w.variables())
			got := ""
			for i := range 6 {
				path := fmt.Sprintf("ticket.messages.nodes.%d.", i)
				if a.at(path+"bodyText") == nil {
					break
				}
				answered := "null"
				if a.at(path+"inReplyTo") != nil {
					answered = fmt.Sprintf("%q", a.text(path+"inReplyTo.bodyText"))
				}
				got += fmt.Sprintf("%q:%s,", a.text(path+"bodyText"), answered)
			}
			if got != want {
				t.Errorf("%s sees the answers %s, want %s", who, got, want)
			}
			if calls := a.Extensions.Cost.StoreCalls; calls != 4 { // the ticket, its messages, those that they answer, and their ticket
				t.Errorf("the answers take %d calls", calls)
			}
		}
		w.reply("cato", "noise", "elsewhere", nil)
		for who, message := range map[string]string{"cleo": "aside", "uma": "elsewhere", "ada": "elsewhere"} {
			p := s.refused(w.people[who].token, replyToTicket, variables{"in": variables{
				"ticketId": w.ids["leak"], "body": "x", "inReplyToId": w.ids[message]}}, hide)
			if p.Extensions.Fields[0].Path != "input.inReplyToId" {
				t.Errorf("%s answers %s and gets %+v", who, message, p)
			}
		}
		s.must(w.people["ada"].token, worldMutation(w, `deleteMessage(input: {id: $answer}) { deletedId }`), w.variables())
		if a := s.must(w.people["cleo"].token, worldQuery(w, `node(id: $thanks) { ... on TicketMessage { bodyText inReplyTo { id } } }`), w.variables()); a.at("node.inReplyTo") != nil || a.text("node.bodyText") != "thanks" {
			t.Errorf("the answer to a deleted message is %s", a.raw)
		}
	})
}

// TestEarlierTexts edits a message, and reads what it said before as an admin, and in vain as others.
func TestEarlierTexts(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		const edit = `mutation($id: ID!, $body: String!) { editMessage(input: {id: $id, body: $body}) { message { earlierTexts { text } } } }`
		for _, body := range []string{"rude", "rude", "ruder", "polite"} {
			a := s.must(w.people["cleo"].token, edit, variables{"id": w.ids["word"], "body": body})
			if a.at("editMessage.message.earlierTexts") != nil {
				t.Errorf("the author gets %s", a.raw)
			}
		}
		read := worldQuery(w, `node(id: $word) { ... on TicketMessage { bodyText earlierTexts { text writtenAt } createdAt editedAt } }
			tickets { nodes { messages { nodes { earlierTexts { text } } } } }`)
		a := s.must(w.people["ada"].token, read, w.variables())
		var texts []string
		for i := range 3 {
			texts = append(texts, a.text(fmt.Sprintf("node.earlierTexts.%d.text", i)))
		}
		if got := strings.Join(texts, " "); got != "word rude ruder" || a.at("node.earlierTexts.3") != nil || a.text("node.earlierTexts.0.writtenAt") != a.text("node.createdAt") {
			t.Errorf("the admin sees %s", a.raw)
		}
		for _, who := range []string{"cleo", "uma"} {
			if a := s.must(w.people[who].token, read, w.variables()); strings.Contains(a.raw, "rude") || a.text("node.bodyText") != "polite" {
				t.Errorf("%s sees %s", who, a.raw)
			}
		}
		if a := s.must(w.people["ada"].token, `{ tickets(where: {messages: {some: {bodyText: {contains: "rude"}}}}) { totalCount } }`, nil); a.at("tickets.totalCount") != 0.0 {
			t.Errorf("an earlier text is found: %s", a.raw)
		}
		for i := 3; i < 20; i++ {
			s.must(w.people["cleo"].token, edit, variables{"id": w.ids["word"], "body": fmt.Sprint(i)})
		}
		s.refused(w.people["cleo"].token, edit, variables{"id": w.ids["word"], "body": "once more"}, deny)
		s.must(w.people["cleo"].token, worldMutation(w, `deleteCustomer(input: {id: $cleo}) { deletedId }`), w.variables())
		if a := s.must(w.people["ada"].token, read, w.variables()); strings.Contains(a.raw, "rude") || a.text("node.bodyText") != "[deleted]" {
			t.Errorf("after the author's deletion the admin sees %s", a.raw)
		}
	})
}
