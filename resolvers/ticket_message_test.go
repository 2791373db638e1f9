package resolvers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// word is a message by cleo on leak, and aside a note by uma on it.
var _ = inMatrix(
	func(w *world) {
		w.s.settle() // so that the log has what happened to the tickets before
		w.reply("cleo", "leak", "word", nil)
		w.note("uma", "leak", "aside")
	},
	[]row{
		{"node", given("id", "word"), [6]string{anon, "word", hide, "word", hide, "word"}},
		{"node", given("id", "aside"), [6]string{anon, hide, hide, "aside", hide, "aside"}},
	},
	[]row{
		{"ticketMessageAdded", noInput, [6]string{anon, "word", "", "aside word", "", "aside word"}},
	},
	[]row{
		{"replyToTicket", onConversation, [6]string{anon, okay, hide, okay, hide, okay}},
		{"replyToTicket", onConversation.with("status", "RESOLVED"), [6]string{anon, bad, hide, okay, hide, okay}},
		{"replyToTicket", onConversation.with("status", "CLOSED"), [6]string{anon, okay, hide, okay, hide, okay}},
		{"addTicketNote", onConversation, [6]string{anon, deny, deny, okay, hide, okay}},
		{"editMessage", onMessage("cleo", false).with("body", "another"), [6]string{anon, okay, hide, deny, hide, deny}},
		{"editMessage", onMessage("uma", false).with("body", "another"), [6]string{anon, deny, hide, okay, hide, deny}},
		{"editMessage", onMessage("uma", true).with("body", "another"), [6]string{anon, hide, hide, okay, hide, deny}},
		{"deleteMessage", onMessage("cleo", false), [6]string{anon, okay, hide, deny, hide, okay}},
		{"deleteMessage", onMessage("uma", false), [6]string{anon, deny, hide, okay, hide, okay}},
		{"deleteMessage", onMessage("uma", true), [6]string{anon, hide, hide, okay, hide, okay}},
	},
)

// The differential tests read some messages.
var _ = alsoSeeded(seed{
	kind: db.KindTicketMessage, some: 40,
	insert: func(s *seeder, i int) {
		ticket := i * i % someTickets
		message := fields{
			"_id": seededID(db.KindTicketMessage, i), "ticket_id": seededID(db.KindTicket, ticket), "position": i + 1,
			"customer_id":          seededID(db.KindCustomer, (ticket*ticket%someInteractions)%(someCustomers-3)),
			"interaction_user_id":  seededID(db.KindUser, i%(someUsers+1)),
			"interaction_internal": i%7 == 3, "visibility": []string{"public", "internal", "public"}[i%3], "channel": "api",
			"body_text": textAt(i), "created_at": momentAt(i / 2), "updated_at": momentAt(i), "version": 1 + i%3,
		}
		if i%4 != 0 {
			message["author_id"] = seededID(db.KindUser, i%(someUsers+1))
		}
		if i%5 == 0 {
			message["edited_at"] = momentAt(i)
			message["edits"] = `[{"text":"before","writtenAt":"2020-01-02T03:04:05Z"}]`
			message["in_reply_to_id"] = seededID(db.KindTicketMessage, i/2)
		}
		s.insert(db.TicketMessages.Collection, message)
	},
})

// onConversation returns a message for a new ticket on plan, of uma with cleo.
var onConversation = input(func(c *cell) variables { return variables{"ticketId": onTicket(c)["id"], "body": "new"} })

// onMessage returns the id of a new message or note on a new ticket on plan.
func onMessage(author string, note bool) input {
	return func(c *cell) variables {
		c.s.t.Helper()
		ctx, ticket := c.s.t.Context(), idOf(c.s.t, onTicket(c)["id"].(string))
		var message *db.TicketMessage
		var err error
		if note {
			message, err = c.s.db.AddTicketNote(ctx, c.scopeOf(author), ticket, db.NewNote{BodyText: "new"})
		} else {
			message, _, err = c.s.db.ReplyToTicket(ctx, c.scopeOf(author), ticket, db.NewReply{BodyText: "new"})
		}
		if err != nil {
			c.s.t.Fatal(err)
		}
		return variables{"id": message.GlobalID()}
	}
}

const replyToTicket = `mutation($in: ReplyToTicketInput!) { replyToTicket(input: $in) {
	message { id } ticket { status version firstRespondedAt lastMessageAt lastCustomerMessageAt waitingSince } } }`

// reply writes a message whose text is its name in the world.
func (w *world) reply(by, ticket, name string, more variables) answer {
	w.s.t.Helper()
	in := variables{"ticketId": w.ids[ticket], "body": name}
	for key, value := range more {
		in[key] = value
	}
	a := w.s.must(w.people[by].token, replyToTicket, variables{"in": in})
	w.ids[name] = a.text("replyToTicket.message.id")
	return a
}

// note writes a note whose text is its name in the world.
func (w *world) note(by, ticket, name string) {
	w.s.t.Helper()
	a := w.s.must(w.people[by].token, `mutation($in: AddTicketNoteInput!) { addTicketNote(input: $in) { message { id } } }`,
		variables{"in": variables{"ticketId": w.ids[ticket], "body": name}})
	w.ids[name] = a.text("addTicketNote.message.id")
}

// TestConversation follows a ticket through messages of both sides: its status, and the times that follow from messages.
func TestConversation(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("uma", "cleo", "lost") // by telephone
		w.assign("lost", "uma")
		has := func(a answer) string {
			times := []string{a.text("replyToTicket.ticket.status")}
			for _, field := range []string{"firstRespondedAt", "lastCustomerMessageAt", "waitingSince"} {
				if a.at("replyToTicket.ticket."+field) != nil {
					times = append(times, field)
				}
			}
			return strings.Join(times, " ")
		}
		for _, test := range []struct {
			by, status, want string
		}{
			{"cleo", "", "OPEN lastCustomerMessageAt waitingSince"},
			{"uma", "", "OPEN firstRespondedAt lastCustomerMessageAt"},
			{"uma", "PENDING", "PENDING firstRespondedAt lastCustomerMessageAt"},
			{"cleo", "", "OPEN firstRespondedAt lastCustomerMessageAt waitingSince"},
			{"uma", "RESOLVED", "RESOLVED firstRespondedAt lastCustomerMessageAt"},
			{"ada", "", "RESOLVED firstRespondedAt lastCustomerMessageAt"},
			{"cleo", "", "OPEN firstRespondedAt lastCustomerMessageAt waitingSince"},
			{"uma", "IN_PROGRESS", "IN_PROGRESS firstRespondedAt lastCustomerMessageAt"},
			{"cleo", "", "IN_PROGRESS firstRespondedAt lastCustomerMessageAt waitingSince"},
			{"cleo", "CLOSED", "CLOSED firstRespondedAt lastCustomerMessageAt"},
			{"cleo", "", "OPEN firstRespondedAt lastCustomerMessageAt waitingSince"},
		} {
			more := variables{}
			if test.status != "" {
				more["status"] = test.status
			}
			if got := has(w.reply(test.by, "lost", "again", more)); got != test.want {
				t.Errorf("after %s's message with status %q the ticket has %q, want %q", test.by, test.status, got, test.want)
			}
		}
		a := s.must(w.people["cleo"].token, worldQuery(w, `ticket(id: $lost) { messages(last: 3) { totalCount pageInfo { hasPreviousPage }
			nodes { bodyText channel visibility editedAt viewerCan author { ... on User { name } ... on Customer { name } } } } }`), w.variables())
		const last = `{"bodyText":"again","channel":"API","visibility":"PUBLIC","editedAt":null,"viewerCan":["EDIT","DELETE"],"author":{"name":"Cleo"}}`
		if want := `{"totalCount":11,"pageInfo":{"hasPreviousPage":true},"nodes":[` + strings.Join([]string{last, last, last}, ",") + `]}`; !strings.Contains(a.raw, want) {
			t.Errorf("got %s\nwant %s", a.raw, want)
		}
		authors := s.must(w.people["cleo"].token, worldQuery(w, `ticket(id: $lost) { messages { nodes {
			author { __typename ... on User { name role } ... on Customer { name } } } } }`), w.variables())
		if strings.Count(authors.raw, `{"__typename":"User","name":"Uma","role":null}`) != 4 || !strings.Contains(authors.raw, `"Ada"`) {
			t.Errorf("the customer sees the authors %s", authors.raw)
		}
		if authors.Extensions.Cost.StoreCalls != 4 { // ticket, messages, users, customers
			t.Errorf("authors of two kinds take %d calls to the store", authors.Extensions.Cost.StoreCalls)
		}
	})
}

// TestInternalMessages asks for a note in every way, as the customer of its ticket and as the staff.
func TestInternalMessages(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.people["zoe"] = s.hire(w.people["ada"], "Zoe")
		w.ids["zoe"] = w.people["zoe"].id
		runBroker(t, s.db)
		w.assign("leak", "zoe")
		s.settle()
		before := s.must(w.people["cleo"].token, worldQuery(w, `ticket(id: $leak) { version updatedAt lastMessageAt } users { totalCount }`), w.variables())
		added := map[string]*listener{}
		for _, who := range []string{"cleo", "uma", "cato"} {
			added[who] = s.subscribe(w.people[who], `subscription { ticketMessageAdded { seq messageId message { bodyText } } }`, nil)
		}
		changed := s.subscribe(w.people["cleo"], ticketChanges, nil)
		w.note("zoe", "leak", "solicitor")
		for _, test := range []struct{ selection, cleo, uma string }{
			{`node(id: $leak) { ... on Ticket { messages { nodes { id } totalCount } } }`, "word", "aside solicitor word"},
			{`tickets { nodes { messages { edges { node { id } } } } }`, "word", "aside solicitor word"},
			{`nodes(ids: [$word, $aside, $solicitor]) { id }`, "word", "aside solicitor word"},
			{`ticket(id: $leak) { messages(where: {visibility: {eq: INTERNAL}}) { nodes { id } totalCount } }`, "", "aside solicitor"},
			{`ticket(id: $leak) { messages(where: {not: {visibility: {eq: PUBLIC}}}) { nodes { id } totalCount } }`, "", "aside solicitor"},
			{`ticket(id: $leak) { messages(where: {bodyText: {contains: "solicitor"}}) { nodes { id } totalCount } }`, "", "solicitor"},
			{`ticket(id: $leak) { messages(where: {id: {eq: $solicitor}}) { nodes { id } totalCount } }`, "", "solicitor"},
			{`ticket(id: $leak) { messages(last: 1) { nodes { id } } }`, "word", "solicitor"},
			{`tickets(where: {messages: {some: {bodyText: {contains: "solicitor"}}}}) { nodes { id } totalCount }`, "", "leak"},
			{`tickets(where: {messages: {some: {visibility: {eq: INTERNAL}}}}) { nodes { id } totalCount }`, "", "leak"},
			{`tickets(where: {messages: {none: {visibility: {ne: PUBLIC}}}}) { nodes { id } totalCount }`, "leak", ""},
			{`tickets(where: {or: [{messages: {some: {id: {eq: $aside}}}}, {number: {lt: 0}}]}) { nodes { id } totalCount }`, "", "leak"},
			{`customers(where: {tickets: {some: {messages: {some: {bodyText: {contains: "aside"}}}}}, name: {eq: "Cleo"}}) { nodes { id } totalCount }`, "", "cleo"},
			{`users(where: {name: {eq: "Zoe"}}) { nodes { id } totalCount }`, "", "zoe"},
		} {
			for viewer, want := range map[string]string{"cleo": test.cleo, "uma": test.uma} {
				a := s.must(w.people[viewer].token, worldQuery(w, test.selection), w.variables())
				if got := w.namesIn(a.Data); got != want {
					t.Errorf("%s sees %q by %s, want %q", viewer, got, test.selection, want)
				}
				checkCounts(t, test.selection, a.Data)
				if viewer == "cleo" && (strings.Contains(a.raw, `"aside"`) || strings.Contains(a.raw, `"solicitor"`)) {
					t.Errorf("cleo gets %s", a.raw)
				}
			}
		}
		for _, mutation := range []string{
			`editMessage(input: {id: $solicitor, body: "x"}) { message { id } }`, `deleteMessage(input: {id: $solicitor}) { deletedId }`,
		} {
			s.refused(w.people["cleo"].token, worldMutation(w, mutation), w.variables(), hide)
		}
		// Neither a change of the ticket nor a conflict tells the customer that there is a note.
		after := s.must(w.people["cleo"].token, worldQuery(w, `ticket(id: $leak) { version updatedAt lastMessageAt } users { totalCount }`), w.variables())
		if before.raw != after.raw {
			t.Errorf("before a note the customer sees %s and afterwards %s", before.raw, after.raw)
		}
		w.reply("cleo", "leak", "second", variables{"expectedLastMessageId": w.ids["word"]})
		if got := changed.change(w); got != "REPLIED leak" {
			t.Errorf("the customer's first change is %q", got)
		}
		w.reply("zoe", "leak", "third", nil)
		for who, want := range map[string][]string{"cleo": {"second", "third"}, "uma": {"solicitor", "second", "third"}} {
			for _, text := range want {
				a := added[who].next()
				if a.text("ticketMessageAdded.messageId") != w.ids[text] || a.text("ticketMessageAdded.message.bodyText") != text {
					t.Errorf("%s gets %s, want %s", who, a.raw, text)
				}
			}
		}
		if a := s.must(w.people["cleo"].token, `{ users(where: {name: {eq: "Zoe"}}) { nodes { name } } }`, nil); a.text("users.nodes.0.name") != "Zoe" {
			t.Errorf("the customer doesn't see who answers: %s", a.raw)
		}
		w.reply("cato", "noise", "elsewhere", nil)
		if a := added["cato"].next(); a.text("ticketMessageAdded.messageId") != w.ids["elsewhere"] {
			t.Errorf("cato first gets %s", a.raw)
		}
	})
}

// TestMessagesFollowTheirTicket changes who sees a ticket, and finally deletes it.
func TestMessagesFollowTheirTicket(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.reply("otto", "lost", "where", nil)
		w.note("uma", "lost", "hm")
		see := func(when string, want map[string]string) {
			t.Helper()
			for viewer, names := range want {
				a := s.must(w.people[viewer].token, worldQuery(w, `nodes(ids: [$where, $hm, $word, $aside]) { id }`), w.variables())
				if got := w.namesIn(a.Data); got != names {
					t.Errorf("%s, %s sees %q, want %q", when, viewer, got, names)
				}
			}
		}
		see("in the queue", map[string]string{"cleo": "where word", "cato": "", "uma": "aside hm where word", "otto": "hm where", "ada": "aside hm where word"})
		s.must(w.people["otto"].token, takeTicket, variables{"id": w.ids["lost"]})
		see("taken", map[string]string{"cleo": "where word", "uma": "aside word", "otto": "hm where"})
		w.assign("leak", "otto")
		see("assigned", map[string]string{"otto": "aside hm where word"})
		w.setInternal("plan", true)
		see("internal", map[string]string{"cleo": "where", "uma": "aside word", "otto": "aside hm where word"})
		w.setInternal("plan", false)
		s.must(w.people["ada"].token, worldMutation(w, `handOver(input: {from: $uma, to: $otto}) { handedOverTickets }`), w.variables())
		see("handed over", map[string]string{"cleo": "where word", "uma": "", "otto": "aside hm where word"})
		s.must(w.people["ada"].token, worldMutation(w, `deleteTicket(input: {id: $leak}) { deletedId }`), w.variables())
		see("deleted", map[string]string{"cleo": "where", "otto": "hm where", "ada": "hm where"})
		// A customer's own deletion erases what they wrote.
		w.reply("cleo", "lost", "mine", nil)
		s.must(w.people["cleo"].token, worldMutation(w, `deleteCustomer(input: {id: $cleo}) { deletedId }`), w.variables())
		a := s.must(w.people["otto"].token, worldQuery(w, `ticket(id: $lost) { messages { nodes { bodyText author { __typename } } } }`), w.variables())
		if want := `[{"bodyText":"where","author":{"__typename":"User"}},{"bodyText":"hm","author":{"__typename":"User"}},{"bodyText":"[deleted]","author":null}]`; !strings.Contains(a.raw, want) {
			t.Errorf("after the customer's deletion the messages are %s, want %s", a.raw, want)
		}
		if a := s.must(w.people["ada"].token, `{ tickets(where: {messages: {some: {bodyText: {contains: "mine"}}}}) { totalCount } }`, nil); a.at("tickets.totalCount") != 0.0 {
			t.Errorf("an erased message is found: %s", a.raw)
		}
	})
}

// TestReplyCollisions lets many reply at the same time on the same state: one of those who expect it succeeds, and all of those
// who don't, each with the effect that it has.
func TestReplyCollisions(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		const several = 6
		attempt := func(ticket string, expected variables) (written int) {
			var running sync.WaitGroup
			var n atomic.Int64
			for i := range several {
				running.Go(func() {
					in := variables{"ticketId": w.ids[ticket], "body": fmt.Sprint(i)}
					for key, value := range expected {
						in[key] = value
					}
					a := s.ask(w.people[[]string{"uma", "ada", "cleo"}[i%3]].token, replyToTicket, variables{"in": in})
					switch {
					case len(a.Errors) == 0:
						n.Add(1)
					case a.Errors[0].Extensions.Code != "CONFLICT":
						t.Errorf("got %s", a.raw)
					}
				})
			}
			running.Wait()
			return int(n.Load())
		}
		w.raise("cleo", "cleo", "lost")
		w.assign("lost", "uma")
		if n := attempt("lost", variables{"expectedLastMessageId": nil}); n != 1 {
			t.Errorf("%d of those who expected no message have written the first one", n)
		}
		if n := attempt("lost", variables{"expectedVersion": 3}); n < 1 {
			t.Error("none of those who expected the version has written")
		}
		w.raise("cleo", "cleo", "found")
		w.assign("found", "uma")
		if n := attempt("found", nil); n != several {
			t.Errorf("%d of %d messages are written", n, several)
		}
		a := s.must(w.people["ada"].token, worldQuery(w, `ticket(id: $found) { version lastMessageAt messages { totalCount nodes { createdAt } } }`), w.variables())
		if a.at("ticket.messages.totalCount") != float64(several) || a.text("ticket.lastMessageAt") != a.text("ticket.messages.nodes.5.createdAt") {
			t.Errorf("the messages are %s", a.raw)
		}
		for i := 1; i < several; i++ { // no two have the same time, and so the same place
			if earlier, later := a.text(fmt.Sprintf("ticket.messages.nodes.%d.createdAt", i-1)), a.text(fmt.Sprintf("ticket.messages.nodes.%d.createdAt", i)); earlier >= later {
				t.Errorf("a message of %s comes before one of %s", earlier, later)
			}
		}
		problem := s.refused(w.people["uma"].token, replyToTicket, variables{"in": variables{
			"ticketId": w.ids["leak"], "body": "x", "expectedLastMessageId": w.ids["word"]}}, "CONFLICT")
		if !strings.Contains(problem.Message, w.ids["aside"]) || problem.Extensions.Fields[0].Path != "input.expectedLastMessageId" {
			t.Errorf("the conflict doesn't name what came: %+v", problem)
		}
	})
}

// unwritten is a store that fails to write tickets, as if the process were killed before it.
type unwritten struct {
	store.Store

	on atomic.Bool
}

func (u *unwritten) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	if u.on.Load() && c == db.Tickets.Collection {
		return errors.New("interrupted")
	}
	return u.Store.Update(ctx, c, id, where, set, events...)
}

// TestInterruptedReplies interrupts the server after a message was written and before its ticket was: another server completes
// that, once and in order.
func TestInterruptedReplies(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		engine := &unwritten{Store: whole.store}
		s := serve(t, engine, db.Options{})
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.assign("lost", "uma")
		engine.on.Store(true)
		for i, in := range []variables{{"body": "first", "status": "PENDING"}, {"body": "second"}, {"body": "third", "status": "RESOLVED"}} {
			in["ticketId"] = w.ids["lost"]
			who := []string{"uma", "cleo", "uma"}[i]
			s.refused(w.people[who].token, replyToTicket, variables{"in": in}, "INTERNAL_SERVER_ERROR")
		}
		const read = `ticket(id: $lost) { status version messages { totalCount } firstRespondedAt lastCustomerMessageAt waitingSince resolvedAt lastMessageAt }`
		if a := s.must(w.people["uma"].token, worldQuery(w, read), w.variables()); a.text("ticket.status") != "OPEN" || a.at("ticket.messages.totalCount") != 3.0 {
			t.Errorf("before it is completed, the ticket is %s", a.raw)
		}
		engine.on.Store(false)
		runBroker(t, whole.db)
		var a answer
		for deadline := time.Now().Add(testTimeout); a.text("ticket.status") != "RESOLVED"; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the ticket is never completed: %s", a.raw)
			}
			a = whole.must(w.people["uma"].token, worldQuery(w, read), w.variables())
		}
		if a.at("ticket.version") != 3.0 || a.at("ticket.waitingSince") != nil || a.at("ticket.firstRespondedAt") == nil || a.at("ticket.resolvedAt") == nil {
			t.Errorf("the completed ticket is %s", a.raw)
		}
	})
}

// TestEditingMessages edits and deletes messages, also too late and in vain.
func TestEditingMessages(t *testing.T) {
	onEachEngineIfThorough(t, func(t *testing.T, s *server) {
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
