package main

import (
	"slices"

	"crm/db"
)

// scenario is a case: requests that mean the same to every server.
type scenario struct {
	name     string
	requests func(*world, api) ([]request, error)
	// rename maps the aliases in GraphQL responses to field names; volatile names fields that differ in every response.
	rename   map[string]string
	volatile []string
	// writes means that a response may cause later work, which has to be waited for.
	writes bool
	// anonymous means that the requests carry no token.
	anonymous bool
}

// The number of different requests of a case. It doesn't depend on the number of customers, so the requests read the same
// amount of data.
const (
	pages   = 20
	singles = 1000
)

// readsBesideWrites is the name of the case that is a mixture of the others.
const readsBesideWrites = "RW"

// scenarios returns the cases in the order in which they run. Cases that write are last, because they change what the others
// read.
func scenarios() []scenario {
	return []scenario{
		{name: "Q1", requests: (*world).customerPages},
		{name: "Q2", requests: (*world).interactions},
		{name: "Q3", requests: func(_ *world, a api) ([]request, error) { return []request{a.openTickets()}, nil }},
		{name: "Q4", requests: (*world).companyPages, rename: map[string]string{
			"recent": "interactions", "requests": "tickets", "since": "createdAt", "begin": "startTime", "raised": "createdAt",
		}},
		{
			name: "L1", requests: (*world).logIns, writes: true, anonymous: true,
			volatile: []string{"accessToken", "refreshToken", "refreshTokenExpiresAt"},
		},
		{name: "M1", requests: (*world).newTickets, volatile: []string{"id", "createdAt"}, writes: true},
	}
}

// scenarioOf returns a case that is known to exist.
func scenarioOf(name string) scenario {
	all := scenarios()
	return all[slices.IndexFunc(all, func(s scenario) bool { return s.name == name })]
}

// caseNames returns the names of the cases, in the order in which they run.
func caseNames() []string {
	var names []string
	for _, s := range scenarios() {
		if s.name == "M1" {
			names = append(names, readsBesideWrites)
		}
		names = append(names, s.name)
	}
	return names
}

// customerPages is Q1: pages spread over the list of all customers.
func (w *world) customerPages(a api) ([]request, error) {
	const size = 50
	asked := make([]request, max(1, min(pages, w.customers/size)))
	for page := range asked {
		after := 0
		if page > 0 {
			after = w.customers - page*w.customers/len(asked)
		}
		var err error
		if asked[page], err = a.customers(after); err != nil {
			return nil, err
		}
	}
	return asked, nil
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

// interactions is Q2.
func (w *world) interactions(a api) (asked []request, err error) {
	for _, interaction := range w.someInteractions() {
		asked = append(asked, a.interaction(interaction.GlobalID()))
	}
	return asked, nil
}

// companyPages is Q4: the customers of some companies.
func (w *world) companyPages(a api) ([]request, error) {
	asked := make([]request, min(pages, w.companies()))
	for n := range asked {
		asked[n] = a.company(w.words.company(n * (w.companies() / len(asked))))
	}
	return asked, nil
}

// newTickets is M1: tickets on some interactions.
func (w *world) newTickets(a api) (asked []request, err error) {
	for n, interaction := range w.someInteractions() {
		asked = append(asked, a.createTicket(map[string]any{
			"interactionId": interaction.GlobalID(), "priority": "HIGH",
			"description": w.words.text(newDice(uint64(n)), w.words.questions, 2, 4),
		}))
	}
	return asked, nil
}

// logIns is L1: log-ins of several customers.
func (w *world) logIns(a api) ([]request, error) {
	asked := make([]request, min(accounts, w.customers))
	for i := range asked {
		asked[i] = a.logIn(map[string]any{"email": w.email(i), "password": password})
	}
	return asked, nil
}
