package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"

	"crm/db/mongo/mongotest"
)

// Measured clients run in separate processes, like clients on other machines. In a measurement, a normal client gets a
// processor as soon as it needs one, and an attacker only gets idle time, so the figures depend on the server alone. These
// variables configure such a process.
const (
	roleVariable  = "CRM_TEST_ROLE"
	urlVariable   = "CRM_TEST_URL"
	tokenVariable = "CRM_TEST_TOKEN"
)

// normalClient is the role that sends normal queries until its input is closed. The other roles are the names of attacks,
// which begin when their input is closed. Each role first reports that it is ready, and writes its result as JSON at the
// end.
const normalClient = "normal client"

// play plays a role.
func play(role string) error {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
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
	a := newAttacker(url, token)
	attack := attacks()[role]
	if err := ready(); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	a.run(ctx, attack)
	return output.Encode(&a.report)
}

// measuring reports whether the tests should take the time for reliable figures.
func measuring() bool { return os.Getenv("MEASURE") == "true" }

// thorough reports whether the tests should run many more random operations.
func thorough() bool { return os.Getenv("THOROUGH") == "true" }

// skipManyEvents skips a test that writes many events on FerretDB, which reads all events for each query.
func skipManyEvents(t *testing.T) {
	t.Helper()
	if mongotest.IsStandIn() && !thorough() {
		t.Skip("FerretDB keeps a processor busy for a minute: THOROUGH=true or a MongoDB in MONGO_TEST_URI runs this test")
	}
}

// player is a process that plays a role.
type player struct {
	t       *testing.T
	role    string
	command *exec.Cmd
	input   io.Closer
	output  *json.Decoder
}

// start starts a process that plays a role, with scheduling options for chrt in a measurement, and returns when it is ready.
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

// read reads a value that the process writes.
func (p *player) read(into any) {
	p.t.Helper()
	if err := p.output.Decode(into); err != nil {
		p.t.Errorf("cannot read the output of %s: %v", p.role, err)
	}
}

// signal closes the input of the process.
func (p *player) signal() { _ = p.input.Close() }

// result reads the result of the role.
func (p *player) result(into any) {
	p.t.Helper()
	p.read(into)
	if err := p.command.Wait(); err != nil {
		p.t.Errorf("%s: %v", p.role, err)
	}
}
