package main

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"crm/db"
)

// scenario is a case: equivalent requests to our server and to the reference.
type scenario struct {
	name            string
	ours, reference []request
	// rename maps the aliases in our responses to field names; volatile names fields that differ in every response.
	rename   map[string]string
	volatile []string
	// writes means that a response may cause later work, which has to be waited for.
	writes bool
}

// The number of different requests of a case. It doesn't depend on the number of customers, so the requests read the same
// amount of data.
const (
	pages   = 20
	singles = 1000
)

// caseNames returns the cases in the order in which they run. Cases that write are last, because they change what the others
// read.
func caseNames() []string { return []string{"Q1", "Q2", "Q3", "Q4", "L1", "M1"} }

// scenarios returns the cases with these names. cursor returns our cursor of the customer that was created at a time.
func (w *world) scenarios(names []string, cursor func(at time.Time) (string, error)) ([]scenario, error) {
	makers := map[string]func() scenario{
		"Q2": w.interactions, "Q3": w.openTickets, "Q4": w.companyPages, "L1": w.logIns, "M1": w.newTickets,
	}
	var found []scenario
	for _, name := range caseNames() {
		if !slices.Contains(names, name) {
			continue
		}
		if name == "Q1" {
			nested, err := w.customerPages(cursor)
			if err != nil {
				return nil, err
			}
			found = append(found, nested)
			continue
		}
		found = append(found, makers[name]())
	}
	return found, nil
}

// customerPages is Q1: pages spread over the list of all customers.
func (w *world) customerPages(cursor func(at time.Time) (string, error)) (scenario, error) {
	s := scenario{name: "Q1"}
	const size = 50
	count := max(1, min(pages, w.customers/size))
	for page := range count {
		newest := w.customers - 1 - page*w.customers/count
		if page == 0 {
			s.ours = append(s.ours, operation(nestedQuery, map[string]any{"after": nil}))
			s.reference = append(s.reference, get("/customers"))
			continue
		}
		before := w.customer(newest + 1)
		after, err := cursor(before.CreatedAt)
		if err != nil {
			return s, err
		}
		s.ours = append(s.ours, operation(nestedQuery, map[string]any{"after": after}))
		s.reference = append(s.reference,
			get(fmt.Sprintf("/customers?after=%d&id=%s", before.CreatedAt.UnixMilli(), before.GlobalID())))
	}
	return s, nil
}

// someInteractions returns interactions spread over the data.
func (w *world) someInteractions() []*db.Interaction {
	all := w.customers * interactionsEach
	count := min(singles, all)
	some := make([]*db.Interaction, count)
	for n := range some {
		// A step that is coprime with the count visits each interaction once, and never two neighbours in a row.
		number := (n * 7919 % count) * (all / count)
		some[n] = w.interaction(number/interactionsEach, number%interactionsEach)
	}
	return some
}

func (w *world) interactions() scenario {
	s := scenario{name: "Q2"}
	for _, interaction := range w.someInteractions() {
		id := interaction.GlobalID()
		s.ours = append(s.ours, operation(interactionQuery, map[string]any{"id": id}))
		s.reference = append(s.reference, get("/interactions/"+id))
	}
	return s
}

func (w *world) openTickets() scenario {
	return scenario{
		name: "Q3", ours: []request{operation(openTicketsQuery, nil)}, reference: []request{get("/tickets/open")},
	}
}

// companyPages is Q4: the customers of some companies.
func (w *world) companyPages() scenario {
	s := scenario{name: "Q4", rename: map[string]string{
		"recent": "interactions", "requests": "tickets", "since": "createdAt", "begin": "startTime", "raised": "createdAt",
	}}
	count := min(pages, w.companies())
	for n := range count {
		company := w.words.company(n * (w.companies() / count))
		s.ours = append(s.ours,
			operation(companyQuery, map[string]any{"company": company, "interactions": 5, "tickets": 3}))
		s.reference = append(s.reference, get("/companies/"+url.PathEscape(company)))
	}
	return s
}

// newTickets is M1: tickets on some interactions.
func (w *world) newTickets() scenario {
	s := scenario{name: "M1", volatile: []string{"id", "createdAt"}, writes: true}
	for n, interaction := range w.someInteractions() {
		input := map[string]any{
			"interactionId": interaction.GlobalID(), "priority": "HIGH",
			"description": w.words.text(newDice(uint64(n)), w.words.questions, 2, 4),
		}
		s.ours = append(s.ours, operation(createTicketQuery, map[string]any{"input": input}))
		s.reference = append(s.reference, post("/tickets", input))
	}
	return s
}

// logIns is L1: log-ins of several customers.
func (w *world) logIns() scenario {
	s := scenario{name: "L1", volatile: []string{"accessToken", "refreshToken", "refreshTokenExpiresAt"}, writes: true}
	for i := range min(accounts, w.customers) {
		input := map[string]any{"email": w.email(i), "password": password}
		s.ours = append(s.ours, operation(logInCustomerQuery, map[string]any{"input": input}))
		s.reference = append(s.reference, post("/login", input))
	}
	return s
}
