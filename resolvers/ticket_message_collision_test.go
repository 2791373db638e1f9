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

// TestReplyCollisions lets many reply at the same time on the same state: one of those who expect it succeeds, and all of those
// who don't, each with the effect that it has.
func TestReplyCollisions(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
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

// afterFinding is a store that does something once, after it has found a message.
type afterFinding struct {
	store.Store

	do atomic.Pointer[func()]
}

func (a *afterFinding) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	err := a.Store.Find(ctx, c, q, next)
	if c == db.TicketMessages.Collection && q.Limit == 1 {
		if do := a.do.Swap(nil); do != nil {
			(*do)()
		}
	}
	return err
}

// TestReplyAfterOneWrittenMeanwhile has somebody write while a reply looks for the last message: the reply comes after it, even if the
// clock of that server is ahead.
func TestReplyAfterOneWrittenMeanwhile(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		engine := &afterFinding{Store: whole.store}
		w := serve(t, engine, db.Options{}).newWorld()
		w.raise("cleo", "cleo", "lost")
		w.assign("lost", "uma")
		ahead := time.Now().Add(time.Minute)
		do := func() {
			w.reply("cleo", "lost", "meanwhile", nil)
			_, message, err := db.ParseGlobalID(w.ids["meanwhile"])
			if err != nil {
				t.Fatal(err)
			}
			set := []store.Assignment{{Field: "created_at", Value: ahead}}
			if err := whole.store.Update(t.Context(), db.TicketMessages.Collection, message, store.Filter{}, set); err != nil {
				t.Fatal(err)
			}
		}
		engine.do.Store(&do)
		w.reply("uma", "lost", "after it", nil)
		if got := w.texts("uma", "lost"); engine.do.Load() != nil || got != "meanwhile, after it" {
			t.Errorf("uma reads %q", got)
		}
	})
}

// TestReplyWhoseFilesTakeLong has somebody write twice while the files of a reply are attached, and delete the first message: the reply comes
// after the second one, and has its effect.
func TestReplyWhoseFilesTakeLong(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		engine := &meanwhile{Store: whole.store, collection: db.Uploads.Collection, field: "used_at"}
		w := serve(t, engine, db.Options{}).newWorld()
		w.raise("cleo", "cleo", "lost")
		w.assign("lost", "uma")
		do := func() {
			w.reply("uma", "lost", "first", nil)
			w.reply("uma", "lost", "second", nil)
			w.s.must(w.people["ada"].token, `mutation($id: ID!) { deleteMessage(input: {id: $id}) { deletedId } }`, variables{"id": w.ids["first"]})
		}
		engine.do.Store(&do)
		w.attach("cleo", "lost", "a report", "replyToTicket")
		if got := w.texts("uma", "lost"); engine.do.Load() != nil || got != "second, with a report" {
			t.Errorf("uma reads %q", got)
		}
		a := w.s.must(w.people["uma"].token, worldQuery(w, `ticket(id: $lost) { waitingSince }`), w.variables())
		if a.at("ticket.waitingSince") == nil {
			t.Errorf("the reply has no effect: %s", a.raw)
		}
	})
}

// TestFilesWhileMerging merges a ticket while the files of a reply are attached: they go to the other one with it.
func TestFilesWhileMerging(t *testing.T) {
	onEachEngine(t, func(t *testing.T, whole *server) {
		engine := &meanwhile{Store: whole.store, collection: db.Uploads.Collection, field: "used_at"}
		w := serve(t, engine, db.Options{}).newWorld()
		w.raise("cleo", "cleo", "lost")
		w.raise("cleo", "cleo", "again")
		do := func() { w.s.must(w.people["ada"].token, mergeTickets, w.merging("again", "lost")) }
		engine.do.Store(&do)
		w.attach("cleo", "again", "a report", "replyToTicket")
		_, into, err := db.ParseGlobalID(w.ids["lost"])
		if err != nil {
			t.Fatal(err)
		}
		if n, err := whole.store.Count(t.Context(), db.Attachments.Collection, store.Eq("ticket_id", into)); engine.do.Load() != nil || n != 1 || err != nil {
			t.Errorf("the other ticket has %d files, %v", n, err)
		}
		if got := w.texts("cleo", "lost"); got != "again, with a report" {
			t.Errorf("cleo reads %q", got)
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
			s.must(w.people[who].token, replyToTicket, variables{"in": in}) // it was written, and its author mustn't write it again
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
