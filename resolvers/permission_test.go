package resolvers_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// ticketRights are the allowed actions and moves, by viewer and status.
// The ticket is assigned to otto, and is on an interaction of uma with cleo.
var ticketRights = []struct {
	viewers, status, can, moves string
}{
	{"cleo", "OPEN", "UPDATE MOVE REPLY DELETE", "CLOSED"},
	{"cleo", "IN_PROGRESS", "UPDATE MOVE REPLY", "CLOSED"},
	{"cleo", "PENDING", "UPDATE MOVE REPLY", "CLOSED"},
	{"cleo", "RESOLVED", "UPDATE MOVE REPLY", "OPEN CLOSED"},
	{"cleo", "CLOSED", "MOVE REPLY", "OPEN"},
	{"uma otto", "OPEN", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE", "IN_PROGRESS PENDING RESOLVED CLOSED"},
	{"uma otto", "IN_PROGRESS", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE", "OPEN PENDING RESOLVED CLOSED"},
	{"uma otto", "PENDING", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE", "OPEN IN_PROGRESS RESOLVED CLOSED"},
	{"uma otto", "RESOLVED", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE", "OPEN IN_PROGRESS PENDING CLOSED"},
	{"uma otto", "CLOSED", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE", "OPEN IN_PROGRESS PENDING RESOLVED"},
	{"ada", "OPEN", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE DELETE", "IN_PROGRESS PENDING RESOLVED CLOSED"},
	{"ada", "IN_PROGRESS", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE DELETE", "OPEN PENDING RESOLVED CLOSED"},
	{"ada", "PENDING", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE DELETE", "OPEN IN_PROGRESS RESOLVED CLOSED"},
	{"ada", "RESOLVED", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE DELETE", "OPEN IN_PROGRESS PENDING CLOSED"},
	{"ada", "CLOSED", "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE DELETE", "OPEN IN_PROGRESS PENDING RESOLVED"},
}

// TestTicketRights checks that viewerCan and allowedTransitions match what the mutations allow.
func TestTicketRights(t *testing.T) {
	t.Parallel()
	for rights := range slices.Chunk(ticketRights, 5) { // on FerretDB, each ticket takes longer than the one before
		t.Run(rights[0].viewers, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, s *server) {
				w := s.newWorld()
				for _, rights := range rights {
					for viewer := range strings.FieldsSeq(rights.viewers) {
						t.Run(viewer+" "+rights.status, func(t *testing.T) {
							s, token := s.in(t), w.people[viewer].token
							a := s.must(token, `query($id: ID!) { ticket(id: $id) { viewerCan allowedTransitions } }`,
								variables{"id": s.newTicketIn(w, rights.status)})
							if can := words(a.at("ticket.viewerCan")); can != rights.can {
								t.Errorf("viewerCan is %q, want %q", can, rights.can)
							}
							if moves := words(a.at("ticket.allowedTransitions")); moves != rights.moves {
								t.Errorf("allowedTransitions is %q, want %q", moves, rights.moves)
							}
							update := `mutation($id: ID!) { done: updateTicket(input: {id: $id, %s}) { ticket { version } } }`
							for _, text := range []string{`description: "other"`, `title: "other"`} {
								can := rights.can
								if rights.status == "CLOSED" {
									can = strings.ReplaceAll(can, "UPDATE", "") // the texts are fixed
								}
								s.allowed("UPDATE", can, bad, token, fmt.Sprintf(update, text), variables{"id": s.newTicketIn(w, rights.status)})
							}
							for action, mutation := range map[string]string{
								"ASSIGN":   `mutation($id: ID!) { done: assignTicket(input: {id: $id, assigneeId: null}) { ticket { version } } }`,
								"DELETE":   `mutation($id: ID!) { done: deleteTicket(input: {id: $id}) { deletedId } }`,
								"REPLY":    `mutation($id: ID!) { done: replyToTicket(input: {ticketId: $id, body: "x"}) { ticket { version } } }`,
								"ADD_NOTE": `mutation($id: ID!) { done: addTicketNote(input: {ticketId: $id, body: "x"}) { message { id } } }`,
							} {
								id := s.newTicketIn(w, rights.status)
								s.allowed(action, rights.can, deny, token, mutation, variables{"id": id})
							}
							s.allowed("MERGE", rights.can, deny, token,
								`mutation($id: ID!, $into: ID!) { done: mergeTickets(input: {fromId: $id, intoId: $into}) { ticket { version } } }`,
								variables{"id": s.newTicketIn(w, rights.status), "into": s.newTicketIn(w, rights.status)})
							for _, status := range []string{"OPEN", "IN_PROGRESS", "PENDING", "RESOLVED", "CLOSED"} {
								id := s.newTicketIn(w, rights.status)
								s.allowed(status, rights.moves+" "+rights.status, bad, token, `mutation($id: ID!, $status: TicketStatus!) {
									done: moveTicket(input: {id: $id, status: $status}) { ticket { status } } }`,
									variables{"id": id, "status": status})
								if version := s.must(token, `query($id: ID!) { ticket(id: $id) { version } }`, variables{"id": id}).at("ticket.version"); status == rights.status && version != 1.0 {
									t.Errorf("moving a ticket to its status %s makes its version %v", status, version)
								}
							}
						})
					}
				}
			})
		})
	}
}

// allowed tries a mutation, which must succeed if it is listed, and otherwise fail with the code.
func (s *server) allowed(action, listed, code, token, mutation string, vars variables) {
	s.t.Helper()
	a := s.ask(token, mutation, vars)
	switch {
	case slices.Contains(strings.Fields(listed), action):
		if len(a.Errors) > 0 {
			s.t.Errorf("%s is listed and fails: %s", action, a.raw)
		}
	case len(a.Errors) != 1 || a.Errors[0].Extensions.Code != code:
		s.t.Errorf("%s isn't listed and got %s, want %s", action, a.raw, code)
	}
}

// TestInteractionRights is like TestTicketRights for interactions.
func TestInteractionRights(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		for _, rights := range []struct{ viewers, status, can string }{
			{"cleo", "PLANNED", "CREATE_TICKET"},
			{"cleo", "DONE", "CREATE_TICKET"},
			{"cleo", "CANCELLED", "CREATE_TICKET"},
			{"uma ada", "PLANNED", "UPDATE CANCEL DELETE CREATE_TICKET"},
			{"uma ada", "DONE", "UPDATE DELETE CREATE_TICKET"},
			{"uma ada", "CANCELLED", "UPDATE DELETE CREATE_TICKET"},
		} {
			for viewer := range strings.FieldsSeq(rights.viewers) {
				t.Run(viewer+" "+rights.status, func(t *testing.T) {
					s, token := s.in(t), w.people[viewer].token
					id := s.newInteractionIn(w, rights.status)
					a := s.must(token, `query($id: ID!) { interaction(id: $id) { viewerCan } }`, variables{"id": id})
					if can := words(a.at("interaction.viewerCan")); can != rights.can {
						t.Errorf("viewerCan is %q, want %q", can, rights.can)
					}
					for action, mutation := range map[string]string{
						"UPDATE":        `mutation($id: ID!) { updateInteraction(input: {id: $id, title: "other"}) { interaction { version } } }`,
						"DELETE":        `mutation($id: ID!) { deleteInteraction(input: {id: $id}) { deletedId } }`,
						"CREATE_TICKET": `mutation($id: ID!) { createTicket(input: {interactionId: $id, description: "x"}) { ticket { id } } }`,
					} {
						vars := variables{"id": s.newInteractionIn(w, rights.status)}
						s.allowed(action, rights.can, deny, token, mutation, vars)
					}
					s.checkCancel(w, viewer, rights.status, rights.can)
				})
			}
		}
	})
}

// checkCancel cancels an interaction: one that is done can't be cancelled, and cancelling one again changes nothing.
func (s *server) checkCancel(w *world, viewer, status, can string) {
	s.t.Helper()
	const mutation = `mutation($id: ID!) { cancelInteraction(input: {id: $id}) { interaction { status version } } }`
	token, vars := w.people[viewer].token, variables{"id": s.newInteractionIn(w, status)}
	switch {
	case viewer == "cleo":
		s.allowed("CANCEL", can, deny, token, mutation, vars)
	case status == "CANCELLED":
		first, second := s.must(token, mutation, vars), s.must(token, mutation, vars)
		if version := second.at("cancelInteraction.interaction.version"); version != first.at("cancelInteraction.interaction.version") {
			s.t.Errorf("cancelling again changes version %v: %s", version, first.raw)
		}
	default:
		s.allowed("CANCEL", can, bad, token, mutation, vars)
		s.allowed("CANCEL", can, bad, token,
			`mutation($id: ID!) { updateInteraction(input: {id: $id, status: CANCELLED}) { interaction { version } } }`,
			variables{"id": s.newInteractionIn(w, status)})
	}
}

// words joins a list of strings.
func words(in any) string {
	var texts []string
	list, _ := in.([]any)
	for _, item := range list {
		texts = append(texts, item.(string))
	}
	return strings.Join(texts, " ")
}

// newTicketIn writes a ticket on plan with a status, assigned to otto, directly to the store.
func (s *server) newTicketIn(w *world, status string) string {
	s.t.Helper()
	now, assignee := time.Now().UTC().Truncate(time.Millisecond), idOf(s.t, w.ids["otto"])
	ticket := &db.Ticket{
		ID: store.NewID(), InteractionID: new(idOf(s.t, w.ids["plan"])), CustomerID: idOf(s.t, w.ids["cleo"]),
		InteractionUserID: new(idOf(s.t, w.ids["uma"])), AssigneeID: &assignee, Description: "T",
		Status: db.TicketStatus(strings.ToLower(status)), Priority: db.PriorityLow, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	s.insert(db.Tickets.Collection, ticket)
	return ticket.GlobalID()
}

// newInteractionIn writes an interaction of uma with cleo with a status directly to the store.
func (s *server) newInteractionIn(w *world, status string) string {
	s.t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	interaction := &db.Interaction{
		ID: store.NewID(), UserID: idOf(s.t, w.ids["uma"]), CustomerID: idOf(s.t, w.ids["cleo"]), Kind: db.KindTask, Title: "I",
		Status: db.InteractionStatus(strings.ToLower(status)), StartTime: now, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	s.insert(db.Interactions.Collection, interaction)
	return interaction.GlobalID()
}

// TestRightsAfterAssigning assigns tickets so that some viewers don't see them any more: the answer offers what the viewer may still do.
func TestRightsAfterAssigning(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w, unshared := s.newWorld(), serve(t, s.store, db.Options{NoSharedQueue: true})
		for _, test := range []struct {
			s    *server
			from string
			who  string
			to   any
			sees bool
		}{
			{s, "", "uma", w.ids["otto"], false},
			{s, "", "uma", w.ids["uma"], true},
			{s, "otto", "otto", nil, true}, // it waits in the queue
			{s, "otto", "otto", w.ids["ada"], false},
			{s, "otto", "ada", w.ids["uma"], true},
			{unshared, "otto", "otto", nil, false},
			{unshared, "otto", "ada", nil, true},
		} {
			w.raise("cleo", "cleo", "lost")
			if test.from != "" {
				w.assign("lost", test.from)
			}
			const selection = `{ viewerCan allowedTransitions }`
			answered := test.s.must(w.people[test.who].token, `mutation($in: AssignTicketInput!) { assignTicket(input: $in) { ticket `+selection+` } }`,
				variables{"in": variables{"id": w.ids["lost"], "assigneeId": test.to}}).at("assignTicket.ticket")
			want := any(map[string]any{"viewerCan": []any{}, "allowedTransitions": []any{}})
			if test.sees {
				want = test.s.must(w.people[test.who].token, worldQuery(w, `ticket(id: $lost) `+selection), w.variables()).at("ticket")
			} else {
				test.s.refused(w.people[test.who].token, worldQuery(w, `ticket(id: $lost) `+selection), w.variables(), hide)
			}
			if !reflect.DeepEqual(answered, want) {
				t.Errorf("%s assigns a ticket of %q to %v, and the answer offers %v, want %v", test.who, test.from, test.to, answered, want)
			}
		}
		// The interaction's user still sees the ticket, whoever has it.
		a := s.must(w.people["uma"].token, worldMutation(w, `assignTicket(input: {id: $leak, assigneeId: $otto}) { ticket { viewerCan } }`), w.variables())
		if got := words(a.at("assignTicket.ticket.viewerCan")); got != "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE" {
			t.Errorf("the interaction's user may %q", got)
		}
	})
}
