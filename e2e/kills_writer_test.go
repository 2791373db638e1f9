package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// writer makes changes in sequence, and records which were acknowledged. The texts of all changes differ.
type writer struct {
	name, customer string
	session        *session
	random         *rand.Rand
	sent           int
	meetings       []*meeting
	// tickets maps ids of acknowledged tickets to descriptions.
	tickets map[string]string
}

// meeting is an acknowledged interaction with its acknowledged titles, and later titles without a response.
type meeting struct {
	id             string
	titles, unsure []string
}

func newWriter(i int, s *session, customer string) *writer {
	return &writer{
		name: fmt.Sprintf("w%d", i), session: s, customer: customer, tickets: map[string]string{},
		random: rand.New(rand.NewPCG(seed, uint64(i+1))),
	}
}

// write makes one change; it returns false if the server is down.
func (w *writer) write(t *testing.T, p *process) bool {
	w.sent++
	text := fmt.Sprintf("%s-%05d.", w.name, w.sent)
	kind := w.random.IntN(3)
	if kind == 0 || len(w.meetings) == 0 {
		a, ok := w.ask(t, p, createInteraction, variables{"customer": w.customer, "title": text})
		if ok {
			w.meetings = append(w.meetings, &meeting{
				id: a.text("createInteraction.interaction.id"), titles: []string{text},
			})
		}
		return ok
	}
	m := w.meetings[len(w.meetings)-1]
	if kind == 1 {
		m.unsure = append(m.unsure, text)
		_, ok := w.ask(t, p, updateInteraction, variables{"id": m.id, "title": text})
		if ok {
			m.titles, m.unsure = append(m.titles, text), nil
		}
		return ok
	}
	a, ok := w.ask(t, p, createTicket, variables{"id": m.id, "description": text})
	if ok {
		w.tickets[a.text("createTicket.ticket.id")] = text
	}
	return ok
}

// ask returns false if the server is down. Otherwise the operation must succeed.
func (w *writer) ask(t *testing.T, p *process, query string, vars variables) (answer, bool) {
	a, err := w.session.ask(p, query, vars)
	if err == nil && len(a.Errors) > 0 {
		t.Errorf("%s\nfailed: %s", query, a.raw)
	}
	return a, err == nil && len(a.Errors) == 0
}
