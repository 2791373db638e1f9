package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// normalQuery is a nested query of a front end for everything that populateForNormal creates.
const normalQuery = `{customers(first:20){totalCount nodes{id name interactions{nodes{id title tickets{nodes{id description}}}}}}}`

// populateForNormal creates the data for normalQuery: 20 customers, 40 interactions and 80 tickets.
func populateForNormal(p *process) (token string) {
	p.t.Helper()
	token, _ = populate(p)
	for i := range 19 {
		p.must(token, `mutation($name: String!, $email: EmailAddress!) { createCustomer(input: {name: $name, email: $email}) { customer { id } } }`,
			variables{"name": fmt.Sprint("Customer ", i), "email": fmt.Sprintf("customer%d@customer.example", i)})
	}
	customers := p.must(token, `{ customers(first: 20) { nodes { id } } }`, nil)
	for i := range 40 {
		interaction := p.must(token, createInteraction, variables{
			"customer": customers.text(fmt.Sprintf("customers.nodes.%d.id", i/2)), "title": fmt.Sprint("Interaction ", i),
		}).text("createInteraction.interaction.id")
		for range 2 {
			p.must(token, createTicket, variables{"id": interaction, "description": "The invoice names the wrong month."})
		}
	}
	return token
}

// askNormally sends a normal request and returns its time.
func askNormally(ctx context.Context, url, token string) (time.Duration, error) {
	took, status, body, err := hostile{body: queryBody(normalQuery)}.send(ctx, url, token)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("a normal request got %d %s", status, body)
	}
	return took, err
}

// askUntilClosed sends requests until the input is closed, and returns their times. It calls ready after the unmeasured first
// ones.
func askUntilClosed(ctx context.Context, input io.Reader, url, token string, ready func() error) (took []time.Duration, err error) {
	warmUp, interval := 5, 25*time.Millisecond
	if measuring() {
		warmUp, interval = 50, 2*time.Millisecond
	}
	for range warmUp { // fills caches, including its own
		if _, err := askNormally(ctx, url, token); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, input)
	}()
	pace := time.NewTicker(interval)
	defer pace.Stop()
	for err = ready(); err == nil; <-pace.C {
		var once time.Duration
		once, err = askNormally(ctx, url, token)
		if ctx.Err() != nil {
			return took, nil
		}
		took = append(took, once)
	}
	return nil, err
}

// askMany sends n normal requests.
func askMany(p *process, token string, n int) {
	p.t.Helper()
	for range n {
		p.must(token, normalQuery, nil)
	}
}
