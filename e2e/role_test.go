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
// the names of attacks, which begin when their input is closed. Each says first that it is ready, and writes at its end
// what has come of it, as JSON.
const normalClient = "normal client"

// play plays a role.
func play(role string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	url, token := os.Getenv(urlVariable), os.Getenv(tokenVariable)
	output := json.NewEncoder(os.Stdout)
	ready := func() error { return output.Encode("ready") }
	if role == normalClient {
		took, err := askUntilClosed(ctx, os.Stdin, url, token, ready)
		if err != nil {
			return err
		}
		return output.Encode(took)
	}
	a := &attacker{url: url, token: token}
	attack := attacks()[role]
	if err := ready(); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	a.run(ctx, attack)
	return output.Encode(&a.report)
}

// measuring reports whether figures count more than the time that they take.
func measuring() bool { return os.Getenv("MEASURE") == "true" }

// player is a process that plays a role.
type player struct {
	t       *testing.T
	role    string
	command *exec.Cmd
	input   io.Closer
	output  *json.Decoder
}

// start starts a process that plays a role, scheduled as chrt is told when it is measured, and returns when it is ready.
func start(t *testing.T, p *process, token, role string, schedule ...string) *player {
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
	started := &player{t: t, role: role, command: command, input: input, output: json.NewDecoder(output)}
	started.read(new(string))
	return started
}

// read reads what the process writes.
func (p *player) read(into any) {
	p.t.Helper()
	if err := p.output.Decode(into); err != nil {
		p.t.Errorf("%s wrote what can't be read: %v", p.role, err)
	}
}

// signal closes the input of the process.
func (p *player) signal() { _ = p.input.Close() }

// result reads what has come of the role.
func (p *player) result(into any) {
	p.t.Helper()
	p.read(into)
	if err := p.command.Wait(); err != nil {
		p.t.Errorf("%s: %v", p.role, err)
	}
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

// askUntilClosed asks until the input is closed, and returns how long each request took after the first ones, at whose end
// it is ready.
func askUntilClosed(ctx context.Context, input io.Reader, url, token string, ready func() error) (took []time.Duration, err error) {
	for range normalWarmUp {
		if _, err := askNormally(ctx, url, token); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, input)
	}()
	pace := time.NewTicker(normalPace)
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

// normalWarmUp is how many requests of a normal client aren't measured: the first ones fill caches, its own too.
const normalWarmUp = 50

// normalPace is how often a normal client asks.
const normalPace = 2 * time.Millisecond

// askMany sends n normal requests.
func askMany(p *process, token string, n int) {
	p.t.Helper()
	for range n {
		p.must(token, normalQuery, nil)
	}
}
