package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Clients whose figures count are processes of their own, since they would be on other machines: when it is measured, a
// normal client gets a processor as soon as it wants one, and an attacker gets what nobody else wants, so that what is
// seen is what the server makes of it. These variables tell the process what it is.
const (
	roleVariable  = "CRM_TEST_ROLE"
	urlVariable   = "CRM_TEST_URL"
	tokenVariable = "CRM_TEST_TOKEN"
)

// normalClient is the role of who asks one normal query after the other until its input is closed; the other roles are
// the names of attacks. Each writes what has come of it as JSON.
const normalClient = "normal client"

// play plays a role.
func play(role string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	url, token := os.Getenv(urlVariable), os.Getenv(tokenVariable)
	if role == normalClient {
		took, err := askUntilClosed(ctx, os.Stdin, url, token)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(took)
	}
	a := &attacker{url: url, token: token}
	a.run(ctx, attacks()[role])
	return json.NewEncoder(os.Stdout).Encode(&a.report)
}

// measuring reports whether figures count more than the time that they take.
func measuring() bool { return os.Getenv("MEASURE") == "true" }

// start starts a process that plays a role, scheduled as chrt is told when it is measured. result waits for the process
// and decodes what it writes; stop closes its input.
func start(t *testing.T, p *process, token, role string, schedule ...string) (result func(any), stop func()) {
	t.Helper()
	arguments := []string{os.Args[0]}
	if measuring() {
		arguments = append(append([]string{"chrt"}, schedule...), arguments...)
	}
	command := exec.CommandContext(t.Context(), arguments[0], arguments[1:]...)
	command.Env = append(os.Environ(), roleVariable+"="+role, urlVariable+"="+p.url, tokenVariable+"="+token)
	command.Stderr = os.Stderr
	input, inputErr := command.StdinPipe()
	output, outputErr := command.StdoutPipe()
	if err := command.Start(); err != nil || inputErr != nil || outputErr != nil {
		t.Fatal(err, inputErr, outputErr)
	}
	result = func(into any) {
		t.Helper()
		if err := json.NewDecoder(output).Decode(into); err != nil {
			t.Errorf("%s wrote what can't be read: %v", role, err)
		}
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v", role, err)
		}
	}
	return result, func() { _ = input.Close() }
}

// normalQuery is what a front end asks: nested, with as many nodes as populateForNormal makes.
const normalQuery = `{customers(first:20){totalCount nodes{id name interactions{nodes{id title tickets{nodes{id description}}}}}}}`

// populateForNormal makes what normalQuery asks for: 20 customers, 40 interactions and 80 tickets.
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

// askNormally sends a normal request and returns how long that took.
func askNormally(ctx context.Context, url, token string) (time.Duration, error) {
	took, status, body, err := hostile{body: queryBody(normalQuery)}.send(ctx, url, token)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("a normal request is answered with %d %s", status, body)
	}
	return took, err
}

func askUntilClosed(ctx context.Context, input io.Reader, url, token string) (took []time.Duration, err error) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, input)
	}()
	pace := time.NewTicker(normalPace)
	defer pace.Stop()
	for range pace.C {
		once, err := askNormally(ctx, url, token)
		switch {
		case ctx.Err() != nil:
			return took, nil
		case err != nil:
			return nil, err
		}
		took = append(took, once)
	}
	return took, nil
}

// normalPace is how often a normal client asks.
const normalPace = 2 * time.Millisecond

// askMany sends n normal requests.
func askMany(p *process, token string, n int) {
	p.t.Helper()
	for range n {
		p.must(token, normalQuery, nil)
	}
}
