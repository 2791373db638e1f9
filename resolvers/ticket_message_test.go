package resolvers_test

import (
	"strings"
	"testing"

	"crm/db"
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
	tick()
	return a
}

// note writes a note whose text is its name in the world.
func (w *world) note(by, ticket, name string) {
	w.s.t.Helper()
	a := w.s.must(w.people[by].token, `mutation($in: AddTicketNoteInput!) { addTicketNote(input: $in) { message { id } } }`,
		variables{"in": variables{"ticketId": w.ids[ticket], "body": name}})
	w.ids[name] = a.text("addTicketNote.message.id")
	tick()
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
