package resolvers_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"crm/db/store"
)

// Subscribers who ask for the same share the response to a change, but nobody gets what is for another's eyes, or what
// another asks for.
func TestSharedResponses(t *testing.T) {
	const query = `subscription($after: String, $text: Boolean!) { ticketChanged(after: $after) {
		seq ticket { description @include(if: $text) interaction { user { role } } } } }`
	const mayDo = `subscription { ticketChanged { seq ticket { viewerCan } } }`
	const filtered = `subscription { ticketChanged(where: {status: {eq: OPEN}}) { seq ticket { title } } }`
	const staff = `{"description":"wet","interaction":{"user":{"role":"USER"}}}`
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		listeners := []struct {
			who, query string
			vars       variables
			want       string
		}{
			{"ada", query, variables{"text": true}, staff},
			{"ada", query, variables{"text": true}, staff},
			{"ada", query, variables{"text": true, "after": strconv.Itoa(s.latestSeq())}, staff},
			{"ada", query, variables{"text": false}, `{"interaction":{"user":{"role":"USER"}}}`},
			{"uma", query, variables{"text": true}, staff},
			{"cleo", query, variables{"text": true}, `{"description":"wet","interaction":{"user":{"role":null}}}`},
			{"cleo", query, variables{"text": false}, `{"interaction":{"user":{"role":null}}}`},
			{"ada", mayDo, nil, `{"viewerCan":["UPDATE","MOVE","ASSIGN","TAKE","REPLY","ADD_NOTE","MERGE","DELETE"]}`},
			{"uma", mayDo, nil, `{"viewerCan":["UPDATE","MOVE","ASSIGN","TAKE","REPLY","ADD_NOTE","MERGE"]}`},
			{"cleo", mayDo, nil, `{"viewerCan":["UPDATE","MOVE","REPLY","DELETE"]}`},
			{"uma", filtered, nil, `{"title":"wet"}`},
		}
		opened := make([]*listener, len(listeners))
		for i, l := range listeners {
			opened[i] = s.subscribe(w.people[l.who], l.query, l.vars)
		}
		describeLeak("ada", "wet")(w)
		for i, l := range listeners {
			got, err := json.Marshal(opened[i].next().at("ticketChanged.ticket"))
			if err != nil || string(got) != l.want {
				t.Errorf("%s with %v gets %s, %v, not %s", l.who, l.vars, got, err, l.want)
			}
		}
	})
}

// Two sessions of one account share responses, but the end of one ends only its own subscription, without a further change.
func TestSharingSessionsEndAlone(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		stays, leaves := w.people["uma"], s.logInUser(w.people["uma"].email)
		kept, ended := s.subscribe(stays, ticketChanges, nil), s.subscribe(leaves, ticketChanges, nil)
		describeLeak("ada", "wet")(w)
		if a, b := kept.next(), ended.next(); a.raw != b.raw {
			t.Errorf("one gets %s, the other %s", a.raw, b.raw)
		}
		_, reason := watchTickets(t.Context(), t, s.db, s.viewer(leaves), "")
		if err := s.db.EndSession(t.Context(), s.viewer(leaves).Session); err != nil {
			t.Fatal(err)
		}
		if code := reason.code(t); code != store.Unauthenticated {
			t.Errorf("the stream ends with %q", code)
		}
		describeLeak("ada", "dry")(w)
		if got := kept.next().text("ticketChanged.ticket.description"); got != "dry" {
			t.Errorf("the other gets %q", got)
		}
		if a, ok := <-ended.answers; ok {
			t.Errorf("the ended one gets %s", a.raw)
		}
	})
}
