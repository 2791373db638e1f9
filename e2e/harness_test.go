package e2e_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is the path of the built program.
var program string

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "crm-test-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "crm")
	if out, err := exec.Command("go", "build", "-o", program, "..").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("cannot build the program: %w\n%s", err, out)
	}
	return runAtOnce(m, testsAtOnce), nil
}

// testsAtOnce is how many tests run in parallel, whatever the number of processors: most tests mostly wait, one of them for
// half a minute.
const testsAtOnce = 6

// runAtOnce runs n tests in parallel, unless -parallel is set.
func runAtOnce(m *testing.M, n int) int {
	flag.Parse()
	isSet := false
	flag.Visit(func(f *flag.Flag) { isSet = isSet || f.Name == "test.parallel" })
	if !isSet {
		_ = flag.Set("test.parallel", strconv.Itoa(n)) // fails only for a text that is not a number
	}
	return m.Run()
}

// testTimeout is how long a test waits for an expected event; no test waits for it to expire.
const testTimeout = 2 * time.Minute

// longTimeout is the timeout for events that take long on a very busy machine.
const longTimeout = 3 * testTimeout

// allTests is whether tests run that take long and rarely find anything, as in CI.
func allTests() bool { return os.Getenv("ALL_TESTS") == "true" || thorough() }

// inFull returns how many of something a test does: all where all tests run, else only a few.
func inFull(all, few int) int {
	if allTests() {
		return all
	}
	return few
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	eventuallyWithin(t, testTimeout, what, condition)
}

func eventuallyWithin(t *testing.T, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("timed out waiting until %s", what)
		case <-tick.C:
		}
	}
}

// process is a run of the program.
type process struct {
	t       *testing.T
	command *exec.Cmd
	// out and logs are files, which makes the output readable immediately.
	out, logs string
	ended     chan struct{}
	url       string
	// base finds the URL in the greeting.
	base *regexp.Regexp
}

// begin starts the program in a folder with only these environment variables, and unless they are among them, PORT=0 and PASSWORD_COST=10.
func begin(t *testing.T, folder string, variables []string, arguments ...string) *process {
	t.Helper()
	return beginReading(t, folder, variables, "", arguments...)
}

// beginReading is begin with a standard input.
func beginReading(t *testing.T, folder string, variables []string, input string, arguments ...string) *process {
	t.Helper()
	return beginCommand(t, exec.Command(program, arguments...), folder, variables, input)
}

// beginCommand starts a command that becomes the program.
func beginCommand(t *testing.T, command *exec.Cmd, folder string, variables []string, input string) *process {
	t.Helper()
	files := t.TempDir()
	p := &process{t: t, command: command, ended: make(chan struct{}), base: base}
	p.out, p.logs = filepath.Join(files, "out"), filepath.Join(files, "logs")
	p.command.Dir, p.command.Env = folder, append([]string{"PORT=0", "PASSWORD_COST=10"}, variables...)
	p.command.Stdin = strings.NewReader(input)
	p.command.Stdout, p.command.Stderr = create(t, p.out), create(t, p.logs)
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // ProcessState contains the exit code
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the program wrote:\n%s%s", read(t, p.out), read(t, p.logs))
		}
	})
	return p
}

// base finds the server's URL in the greeting.
var base = regexp.MustCompile(`(?m)^GraphQL +(http://localhost:\d+)/graphql$`)

// serve starts the program as a server and waits until it listens.
func serve(t *testing.T, folder string, variables ...string) *process {
	t.Helper()
	p := begin(t, folder, variables)
	p.waitUntilReady()
	return p
}

// waitUntilReady waits until the server listens.
func (p *process) waitUntilReady() {
	t := p.t
	t.Helper()
	eventually(t, "the server listens", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("the server ended with %d", p.command.ProcessState.ExitCode())
		default:
		}
		if found := p.base.FindStringSubmatch(read(t, p.out)); found != nil {
			p.url = found[1]
		}
		return p.url != ""
	})
}

// kill kills the program with SIGKILL.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// stop stops the program with SIGTERM, as Docker does, and checks its exit code.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		p.t.Errorf("after SIGTERM the exit code is %d", code)
	}
}

func (p *process) signal(signal os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// exit waits for the end of the program and returns its exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(testTimeout):
		p.t.Fatal("the program doesn't exit")
	}
	return p.command.ProcessState.ExitCode()
}

func (p *process) port() string { return p.url[strings.LastIndex(p.url, ":")+1:] }

// get requests a path; accept may be empty.
func (p *process) get(path, accept string) (status int, body string) {
	p.t.Helper()
	request, err := http.NewRequest(http.MethodGet, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(raw)
}
