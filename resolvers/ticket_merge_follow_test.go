package resolvers_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// meanwhile is a store that does something once, before it assigns a field of a collection, or without a field, before it inserts there.
type meanwhile struct {
	store.Store

	collection *store.Collection
	field      string
	do         atomic.Pointer[func()]
}

func (m *meanwhile) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	if c == m.collection && slices.ContainsFunc(set, func(a store.Assignment) bool { return a.Field == m.field }) {
		m.once()
	}
	return m.Store.Update(ctx, c, id, where, set, events...)
}

func (m *meanwhile) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	if c == m.collection && m.field == "" {
		m.once()
	}
	return m.Store.Insert(ctx, c, doc, events...)
}

func (m *meanwhile) once() {
	if do := m.do.Swap(nil); do != nil {
		(*do)()
	}
}

// mergedMeanwhile merges the ticket again into lost, while somebody does something right before a field is assigned.
func mergedMeanwhile(t *testing.T, whole *server, c *store.Collection, field string, do func(*world)) *world {
	t.Helper()
	engine := &meanwhile{Store: whole.store, collection: c, field: field}
	w := serve(t, engine, db.Options{}).newWorld()
	w.raise("cleo", "cleo", "lost")
	w.raise("cleo", "cleo", "again")
	w.reply("uma", "lost", "found", variables{"status": "RESOLVED"})
	w.reply("cleo", "again", "hello?", nil)
	w.assign("lost", "uma")
	done := func() { do(w) }
	engine.do.Store(&done)
	w.s.must(w.people["ada"].token, mergeTickets, w.merging("again", "lost"))
	if engine.do.Load() != nil {
		t.Fatalf("%s is never assigned", field)
	}
	return w
}

// TestMessageWhileMerging has the customer write on the merged ticket at the last moment: that reopens the other one.
func TestMessageWhileMerging(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		var written any
		w := mergedMeanwhile(t, whole, db.Tickets.Collection, "merged_into_id", func(w *world) {
			if got := w.texts("cleo", "lost"); got != "again, found" {
				t.Errorf("before the ticket is merged, cleo reads %q there, want its request", got)
			}
			written = w.reply("cleo", "again", "wait", nil).at("replyToTicket.ticket.lastCustomerMessageAt")
		})
		a := whole.must(w.people["uma"].token, worldQuery(w, `ticket(id: $again) { id status lastCustomerMessageAt waitingSince }`), w.variables())
		if a.text("ticket.id") != w.ids["lost"] || a.at("ticket.status") != "OPEN" || a.at("ticket.lastCustomerMessageAt") != written || written == nil ||
			a.at("ticket.waitingSince") == nil {
			t.Errorf("after a message at %v, the ticket is %s", written, a.raw)
		}
		if got := w.texts("cleo", "lost"); got != "again, found, hello?, wait" {
			t.Errorf("cleo reads %q", got)
		}
	})
}

// TestLastChangeOfMerge checks that a ticket into which another one is merged changes once more when it has all messages: whoever reads it
// when that is reported misses none.
func TestLastChangeOfMerge(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		w := mergedMeanwhile(t, whole, db.Tickets.Collection, "moved_messages", func(w *world) {
			if got := w.texts("cleo", "lost"); got != "again, found, hello?" {
				t.Errorf("before the last change, cleo reads %q", got)
			}
		})
		w.s.settle()
		changes, err := w.s.store.Count(t.Context(), store.Events, store.Eq("type", db.EventTicketMerged))
		if err != nil || changes != 3 {
			t.Errorf("%d changes are reported, %v; want the other ticket's, the merged one's, and the last", changes, err)
		}
	})
}

// TestRightsChangeWhileMerging gives the other ticket to somebody else while messages move: who has it sees them, and nobody else.
func TestRightsChangeWhileMerging(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		w := mergedMeanwhile(t, whole, db.TicketMessages.Collection, "ticket_id", func(w *world) { w.assign("lost", "otto") })
		if got := w.texts("otto", "lost"); got != "again, found, hello?" {
			t.Errorf("otto reads %q", got)
		}
	})
}

// TestUnappliedMessagesMove merges a ticket with messages whose effect was interrupted: they have it on the other one, in their order.
func TestUnappliedMessagesMove(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		engine := &unwritten{Store: whole.store}
		w := serve(t, engine, db.Options{}).newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		w.reply("uma", "lost", "found", variables{"status": "RESOLVED"})
		engine.on.Store(true)
		for _, body := range []string{"one", "two", "three"} {
			w.s.must(w.people["cleo"].token, replyToTicket, variables{"in": variables{"ticketId": w.ids["again"], "body": body}})
		}
		engine.on.Store(false)
		w.s.must(w.people["uma"].token, mergeTickets, w.merging("again", "lost"))
		if got := w.texts("cleo", "lost"); got != "again, found, one, two, three" {
			t.Errorf("cleo reads %q", got)
		}
		a := whole.must(w.people["uma"].token, worldQuery(w, `ticket(id: $lost) { status waitingSince }`), w.variables())
		if a.text("ticket.status") != "OPEN" || a.at("ticket.waitingSince") == nil {
			t.Errorf("the ticket is %s", a.raw)
		}
	})
}

// TestDeletedRequestStaysDeleted deletes the message that a request became before the merge's event is planned.
func TestDeletedRequestStaysDeleted(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		s.must(w.people["uma"].token, mergeTickets, w.merging("again", "lost"))
		a := s.must(w.people["ada"].token, worldQuery(w, `ticket(id: $lost) { messages { nodes { id channel source { subject } } } }`), w.variables())
		if a.at("ticket.messages.nodes.0.channel") != "API" || a.at("ticket.messages.nodes.0.source") != nil {
			t.Errorf("the request is %s", a.raw)
		}
		s.must(w.people["ada"].token, `mutation($id: ID!) { deleteMessage(input: {id: $id}) { deletedId } }`, variables{"id": a.at("ticket.messages.nodes.0.id")})
		s.completed()
		if got := w.texts("ada", "lost"); got != "" {
			t.Errorf("the deleted request is back: %q", got)
		}
	})
}

// TestMergedMail merges a ticket that a mail raised: its request is still that mail.
func TestMergedMail(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		cleo := w.people["cleo"]
		received, err := s.db.ReceiveMail(t.Context(), db.IncomingMail{
			ID: store.NewID(), MessageID: "1@customer.example", FromEmail: cleo.email, Verification: db.VerifiedSender,
			Subject: "Smoke", Text: "It smokes.", HTML: "<p>It smokes.</p>", Raw: []byte("raw mail"),
		}, db.CreateUnknown)
		if err != nil {
			t.Fatal(err)
		}
		w.raise("cleo", "cleo", "lost")
		w.ids["smoke"] = db.KindTicket.GlobalID(*received.TicketID)
		s.must(w.people["ada"].token, mergeTickets, w.merging("smoke", "lost"))
		const want = `[{"bodyText":"Smoke\n\nIt smokes.","bodyHtml":"<p>It smokes.</p>","channel":"EMAIL","senderVerified":true,"source":{"messageId":"1@customer.example"}}]`
		a := s.must(w.people["ada"].token, worldQuery(w, `ticket(id: $lost) { messages { nodes { bodyText bodyHtml channel senderVerified source { messageId } } } }`), w.variables())
		if !strings.Contains(a.raw, want) {
			t.Errorf("the request is %s, want %s", a.raw, want)
		}
	})
}

// TestMergesOutliveTheirCustomer merges tickets whose customer has deleted themself: none is merged in a circle. If some are all the
// same, whoever asks for them gets an error.
func TestMergesOutliveTheirCustomer(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		s.must(w.people["ada"].token, mergeTickets, w.merging("again", "lost"))
		s.must(w.people["cleo"].token, worldMutation(w, `deleteCustomer(input: {id: $cleo}) { deletedId }`), w.variables())
		s.refused(w.people["ada"].token, mergeTickets, w.merging("lost", "again"), "CONFLICT")
		if _, err := s.store.Purge(t.Context(), db.TicketMerges.Collection, store.Filter{}, 10); err != nil {
			t.Fatal(err)
		}
		s.refused(w.people["ada"].token, mergeTickets, w.merging("lost", "again"), "CONFLICT") // by what the ticket says
		ids := make(map[string]store.ID)
		for _, name := range []string{"lost", "again"} {
			_, id, err := db.ParseGlobalID(w.ids[name])
			if err != nil {
				t.Fatal(err)
			}
			ids[name] = id
		}
		circle := []store.Assignment{{Field: "merged_into_id", Value: ids["again"]}}
		if err := s.store.Update(t.Context(), db.Tickets.Collection, ids["lost"], store.Filter{}, circle); err != nil {
			t.Fatal(err)
		}
		s.refused(w.people["ada"].token, worldQuery(w, `ticket(id: $again) { id }`), w.variables(), "INTERNAL_SERVER_ERROR")
		_, err := s.db.CurrentTicket(t.Context(), s.db.Tickets, auth.SystemScope(), ids["lost"])
		if err == nil || !strings.Contains(err.Error(), "cycle") {
			t.Errorf("the ticket in a circle gets %v", err)
		}
	})
}
