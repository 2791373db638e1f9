package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
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
