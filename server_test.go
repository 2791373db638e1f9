package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"crm/db"
	"crm/db/demo"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/sqlite"
	"crm/graph"
)

// These tests run the program as its users do: they build it once, start it, and see it only from outside.

// program is where the built program is.
var program string

func TestMain(m *testing.M) {
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
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("cannot build the program: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// patience is how long a test waits for what has to happen; nothing waits for it to pass.
const patience = 60 * time.Second

// eventually waits for something to be so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-deadline:
			t.Fatalf("it didn't happen in time: %s", what)
		case <-tick.C:
		}
	}
}

// process is a run of the program.
type process struct {
	t       *testing.T
	command *exec.Cmd
	// out and logs are the files that its output goes to, so that what it has written is there at once.
	out, logs string
	ended     chan struct{}
	url       string
}

// begin starts the program in that folder, with these environment variables and PORT=0, and no others.
func begin(t *testing.T, folder string, variables []string, arguments ...string) *process {
	t.Helper()
	files := t.TempDir()
	p := &process{t: t, command: exec.Command(program, arguments...), ended: make(chan struct{})}
	p.out, p.logs = filepath.Join(files, "out"), filepath.Join(files, "logs")
	p.command.Dir, p.command.Env = folder, append([]string{"PORT=0"}, variables...)
	p.command.Stdout, p.command.Stderr = create(t, p.out), create(t, p.logs)
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the program wrote:\n%s%s", read(t, p.out), read(t, p.logs))
		}
	})
	return p
}

// base finds in the greeting where the server is.
var base = regexp.MustCompile(`(?m)^GraphQL +(http://localhost:\d+)/graphql$`)

// serve starts the program as a server and waits until it listens.
func serve(t *testing.T, folder string, variables ...string) *process {
	t.Helper()
	p := begin(t, folder, variables)
	eventually(t, "the server listens", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("the server ended with %d", p.command.ProcessState.ExitCode())
		default:
		}
		if found := base.FindStringSubmatch(read(t, p.out)); found != nil {
			p.url = found[1]
		}
		return p.url != ""
	})
	return p
}

// kill is what kill -9 does.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// stop asks the program to end, as Docker does, and wants it to do so in order.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		p.t.Errorf("the program was told to stop and ended with %d", code)
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
	case <-time.After(patience):
		p.t.Fatal("the program doesn't end")
	}
	return p.command.ProcessState.ExitCode()
}

func (p *process) port() string { return p.url[strings.LastIndex(p.url, ":")+1:] }

// get returns what a path answers; accept may be empty.
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

// answer is what the API answers.
type answer struct {
	status int
	raw    string
	Data   map[string]any
	Errors []struct{ Extensions struct{ Code string } }
}

// variables are an operation's.
type variables map[string]any

// ask sends an operation, with a token unless that is empty. Its error says that no complete answer came.
func (p *process) ask(token, query string, vars variables) (answer, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequest(http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	return readAnswer(response)
}

func readAnswer(response *http.Response) (answer, error) {
	raw, err := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, raw: string(raw)}
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	return a, err
}

// must is ask for an operation that has to succeed.
func (p *process) must(token, query string, vars variables) answer {
	p.t.Helper()
	a, err := p.ask(token, query, vars)
	if err != nil || a.status != http.StatusOK || len(a.Errors) > 0 {
		p.t.Fatalf("%s\nfailed: %v %s", query, err, a.raw)
	}
	return a
}

// code returns the code of the answer's error, "" if there isn't exactly one.
func (a answer) code() string {
	if len(a.Errors) != 1 {
		return ""
	}
	return a.Errors[0].Extensions.Code
}

// at returns what a dot-separated path leads to; numbers lead into lists.
func (a answer) at(path string) any {
	var found any = a.Data
	for key := range strings.SplitSeq(path, ".") {
		switch in := found.(type) {
		case map[string]any:
			found = in[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(in) {
				return nil
			}
			found = in[i]
		}
	}
	return found
}

func (a answer) text(path string) string {
	text, _ := a.at(path).(string)
	return text
}

// The operations of these tests.
const (
	signUp = `mutation {
		signUpUser(input: {name: "Asha", email: "asha@crm.example", password: "correct horse"}) { tokens { accessToken } } }`
	logIn = `mutation($email: EmailAddress!, $password: String!) {
		logInUser(input: {email: $email, password: $password}) { user { name role } tokens { accessToken } } }`
	createCustomer = `mutation {
		createCustomer(input: {name: "Carl", email: "carl@customer.example"}) { customer { id } } }`
	createInteraction = `mutation($customer: ID!, $title: String!) {
		createInteraction(input: {customerId: $customer, title: $title, startTime: "2050-08-27T20:03:00Z"}) {
			interaction { id } } }`
	updateInteraction = `mutation($id: ID!, $title: String!) {
		updateInteraction(input: {id: $id, title: $title}) { interaction { title } } }`
	createTicket = `mutation($id: ID!, $description: String!) {
		createTicket(input: {interactionId: $id, description: $description}) { ticket { id } } }`
	viewer = `{ viewer { ... on User { name role } } }`
)

// populate makes an admin and a customer.
func populate(p *process) (token, customer string) {
	p.t.Helper()
	token = p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	return token, p.must(token, createCustomer, nil).text("createCustomer.customer.id")
}

func create(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestStart: nothing has to be configured, and everything is there again after a restart.
func TestStart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	p := serve(t, folder)
	for path, want := range map[string]string{
		"/health": `{"success":"server is up and running..."}`, "/healthz": `{"status":"alive"}`,
		"/readyz": `{"status":"ready"}`,
	} {
		if status, body := p.get(path, ""); status != http.StatusOK || body != want {
			t.Errorf("%s answers %d %s", path, status, body)
		}
	}
	for _, path := range []string{"/", "/graphql"} {
		if status, body := p.get(path, "text/html"); status != http.StatusOK || !strings.Contains(body, "<html") {
			t.Errorf("a browser gets at %s: %d %s", path, status, body)
		}
	}
	if status, _ := p.get("/nonsense", "text/html"); status != http.StatusNotFound {
		t.Errorf("an unknown path answers %d", status)
	}
	checkModes(t, filepath.Join(folder, "data"))

	greeting, mutation, found := strings.Cut(read(t, p.out), "\n\n")
	mutation = mutation[strings.Index(mutation, "mutation {"):]
	if want := strings.ReplaceAll(`GraphQL     URL/graphql
Playground  URL/
Data        data/crm.db
Mail        kept, not sent (SMTP_HOST is not set): URL/dev/mailbox`, "URL", p.url); !found || greeting != want {
		t.Errorf("the greeting is\n%s", greeting)
	}
	tokens := p.must("", mutation, nil)
	token := tokens.text("signUpUser.tokens.accessToken")
	if tokens.text("signUpUser.user.role") != "ADMIN" {
		t.Errorf("the first user is %s", tokens.raw)
	}
	p.must(token, createCustomer, nil)
	p.stop()

	p = serve(t, folder)
	if status, _ := p.get("/readyz", ""); status != http.StatusOK {
		t.Errorf("after a restart, /readyz answers %d", status)
	}
	if out := read(t, p.out); strings.Contains(out, "mutation") {
		t.Errorf("with a user there, the greeting is\n%s", out)
	}
	if name := p.must(token, viewer, nil).text("viewer.name"); name != "Rohan" {
		t.Errorf("the token from before is that of %q", name)
	}
	token = p.must("", logIn, variables{"email": "rohan@gmail.com", "password": "choose a long one"}).
		text("logInUser.tokens.accessToken")
	if name := p.must(token, `{ customers { nodes { name } } }`, nil).text("customers.nodes.0.name"); name != "Carl" {
		t.Errorf("the customer from before is %q", name)
	}
	p.stop()
}

// TestTrustedDocuments: with a manifest only its documents run, and there is no playground to write others in.
func TestTrustedDocuments(t *testing.T) {
	t.Parallel()
	manifest := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(manifest, fmt.Appendf(nil, `{"first":%q,"viewer":%q}`, signUp, viewer), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serve(t, t.TempDir(), "TRUSTED_DOCUMENTS="+manifest)
	token := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	if a := p.must(token, viewer, nil); a.text("viewer.name") != "Asha" {
		t.Errorf("got %s", a.raw)
	}
	if a, err := p.ask(token, createCustomer, nil); err != nil || a.code() != "QUERY_NOT_IN_SAFELIST" {
		t.Errorf("another document got %v %s", err, a.raw)
	}
	for path, accept := range map[string]string{"/": "text/html", "/playground/": "text/html"} {
		if status, _ := p.get(path, accept); status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, status)
		}
	}
	if err := os.WriteFile(manifest, []byte(`{"bad":"{nonsense}"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(t, []string{"TRUSTED_DOCUMENTS=" + manifest}, []string{"TRUSTED_DOCUMENTS", `"bad"`, "nonsense"})
}

// checkModes wants a folder that only its owner can read, and in it the data and the keys.
func checkModes(t *testing.T, folder string) {
	t.Helper()
	names := map[string]bool{}
	if err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		names[entry.Name()] = true
		if mode := info.Mode().Perm(); mode != 0o600 && (!entry.IsDir() || mode != 0o700) {
			t.Errorf("%s has mode %o", path, mode)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"crm.db", "secret_key", "user_secret_key", "customer_secret_key"} {
		if !names[name] {
			t.Errorf("there is no %s in %s", name, folder)
		}
	}
}

// codeBlock finds the GraphQL that is to be pasted from the README, and the body that is to be sent with curl.
var codeBlock = regexp.MustCompile("(?s)```graphql\n(.*?)```|-d '({\"query\".*?})'\n")

// TestReadme does what the README says, in its order.
func TestReadme(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	var token, customers string
	for _, found := range codeBlock.FindAllStringSubmatch(read(t, "README.md"), -1) {
		operation := found[1]
		if found[2] != "" {
			var body struct{ Query string }
			if err := json.Unmarshal([]byte(found[2]), &body); err != nil {
				t.Fatal(err)
			}
			operation = body.Query
		}
		if strings.HasPrefix(operation, "subscription") { // it has no one answer; that it is valid is enough here
			schema := graph.NewExecutableSchema(graph.Config{}).Schema()
			if _, errs := gqlparser.LoadQueryWithRules(schema, operation, rules.NewDefaultRules()); len(errs) > 0 {
				t.Errorf("%s\nis not valid: %v", operation, errs)
			}
			continue
		}
		if strings.Contains(operation, "customers(") {
			customers = operation
		}
		a := p.must(token, operation, nil)
		if text := a.text("signUpUser.tokens.accessToken"); text != "" {
			token = text
		}
		if id := a.text("createCustomer.customer.id"); id != "" {
			meeting := p.must(token, createInteraction, variables{"customer": id, "title": "Demo"}).
				text("createInteraction.interaction.id")
			p.must(token, createTicket, variables{"id": meeting, "description": "It is slow"})
		}
	}
	if customers == "" {
		t.Fatal("the README has no query of customers")
	}
	const ticket = "customers.nodes.0.interactions.nodes.0.tickets.nodes.0.description"
	if a := p.must(token, customers, nil); a.text(ticket) != "It is slow" {
		t.Errorf("the nested query answers %s", a.raw)
	}
}

// ends starts the program with arguments or a configuration with which it ends, and returns what it wrote.
func ends(t *testing.T, folder string, vars []string, code int, arguments ...string) (out, logs string) {
	t.Helper()
	p := begin(t, folder, vars, arguments...)
	if got := p.exit(); got != code {
		t.Errorf("%v %v: exit code %d, want %d", vars, arguments, got, code)
	}
	return read(t, p.out), read(t, p.logs)
}

// refuses wants the program to end with one line, which has all the words in it.
func refuses(t *testing.T, vars []string, words []string, arguments ...string) {
	t.Helper()
	out, logs := ends(t, t.TempDir(), vars, 1, arguments...)
	if out != "" || strings.Count(logs, "\n") != 1 || !strings.HasPrefix(logs, "crm: ") {
		t.Errorf("%v %v: it wrote\n%s%s", vars, arguments, out, logs)
	}
	for _, word := range words {
		if !strings.Contains(logs, word) {
			t.Errorf("%v %v: there is no %q in\n%s", vars, arguments, word, logs)
		}
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	out, _ := ends(t, t.TempDir(), nil, 0, "--help")
	for _, command := range []string{"crm demo", "crm health", "--version"} {
		if !strings.Contains(out, command) {
			t.Errorf("the help doesn't know %q:\n%s", command, out)
		}
	}
	if out, _ := ends(t, t.TempDir(), nil, 0, "--version"); !strings.HasPrefix(out, "crm ") {
		t.Errorf("the version is %q", out)
	}
	refuses(t, nil, []string{`"nonsense"`, "--help"}, "nonsense")
	refuses(t, nil, []string{"--customers"}, "demo", "--customers", "0")
	refuses(t, nil, []string{"--customers"}, "demo", "me")
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	file := create(t, filepath.Join(t.TempDir(), "file")).Name()
	noData := t.TempDir()
	if err := os.WriteFile(filepath.Join(noData, "crm.db"), bytes.Repeat([]byte("nonsense"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	used := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	for _, test := range []struct {
		variables string
		words     []string
	}{
		{"PORT=x", []string{"PORT", `"x"`}},
		{"PORT=" + used, []string{"PORT", used}},
		{"SMTP_PORT=99999", []string{"SMTP_PORT", "99999"}},
		{"SMTP_HOST=localhost SMTP_MAIL=nobody", []string{"SMTP_MAIL"}},
		{"SMTP_HOST=localhost SMTP_PORT=0", []string{"SMTP_PORT"}},
		{"ALLOWED_ORIGINS=nonsense", []string{"ALLOWED_ORIGINS", "nonsense"}},
		{"PLAYGROUND=maybe", []string{"PLAYGROUND", "maybe"}},
		{"LOG_LEVEL=loud", []string{"LOG_LEVEL", "loud"}},
		{"TRUSTED_PROXIES=x", []string{"TRUSTED_PROXIES", `"x"`}},
		{"LIMIT_TOKENS=many", []string{"LIMIT_TOKENS", "many"}},
		{"LIMIT_DEPTH=0", []string{"LIMIT_DEPTH", `"0"`}},
		{"LIMIT_TIME=2m", []string{"LIMIT_TIME", "50s"}},
		{"LIMIT_TIME=30", []string{"LIMIT_TIME", `"30"`}},
		{"TRUSTED_DOCUMENTS=none.json", []string{"TRUSTED_DOCUMENTS", "none.json"}},
		{"LIMIT_STREAMS=0", []string{"LIMIT_STREAMS", `"0"`}},
		{"LIMIT_STREAMS_PER_ADDRESS=many", []string{"LIMIT_STREAMS_PER_ADDRESS", `"many"`}},
		{"DATA_DIR=" + file, []string{"DATA_DIR", file}},
		{"DATA_DIR=" + noData, []string{"DATA_DIR", "crm.db"}},
		{"MONGO_URI=foo", []string{"MONGO_URI"}},
		{"MONGO_URI=mongodb:// SECRET_KEY=k USER_SECRET_KEY=u CUSTOMER_SECRET_KEY=c", []string{"MONGO_URI"}},
		{"MONGO_URI=mongodb://localhost MONGO_DATABASE=a/b", []string{"MONGO_DATABASE", "a/b"}},
		{"MONGO_URI=mongodb://localhost", []string{" SECRET_KEY", "USER_SECRET_KEY", "CUSTOMER_SECRET_KEY"}},
		{"MONGO_URI=mongodb://localhost SECRET_KEY=k USER_SECRET_KEY=u", []string{": CUSTOMER_SECRET_KEY must"}},
	} {
		t.Run(test.variables, func(t *testing.T) {
			t.Parallel()
			refuses(t, strings.Fields(test.variables), test.words)
		})
	}
}

// TestDotEnv: a file .env configures the program, and the environment takes precedence over it.
func TestDotEnv(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, ".env"), []byte("PORT=x\nDATA_DIR=elsewhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	serve(t, folder)
	checkModes(t, filepath.Join(folder, "elsewhere"))
}

func TestDemo(t *testing.T) {
	t.Parallel()
	folder, other := t.TempDir(), t.TempDir()
	for _, folder := range []string{folder, other} {
		out, _ := ends(t, folder, nil, 0, "demo", "--customers", "5")
		for _, word := range []string{demo.Admin, demo.Password} {
			if !strings.Contains(out, word) {
				t.Errorf("there is no %q in\n%s", word, out)
			}
		}
	}
	if _, logs := ends(t, folder, nil, 1, "demo", "--customers", "5"); strings.Count(logs, "\n") != 1 ||
		!strings.Contains(logs, "empty store") {
		t.Errorf("the second demo wrote\n%s", logs)
	}
	names := demoNames(t, folder)
	if again := demoNames(t, other); names != again {
		t.Errorf("two demos differ:\n%s\n%s", names, again)
	}
}

// demoNames returns the names and texts of a demo that is served.
func demoNames(t *testing.T, folder string) string {
	t.Helper()
	p := serve(t, folder)
	if strings.Contains(read(t, p.out), "mutation") {
		t.Errorf("with a demo, there is no user yet")
	}
	token := p.must("", logIn, variables{"email": demo.Admin, "password": demo.Password}).
		text("logInUser.tokens.accessToken")
	a := p.must(token, `{ customers(orderBy: [{field: EMAIL}]) { totalCount nodes {
		name company phone interactions(first: 10, orderBy: [{field: CREATED_AT, direction: ASC}]) { nodes {
			title user { name } tickets(orderBy: [{field: CREATED_AT, direction: ASC}]) { nodes { description status } } } } } }
		users(orderBy: [{field: EMAIL}]) { nodes { name } } }`, nil)
	if a.at("customers.totalCount") != 5.0 || a.text("customers.nodes.4.interactions.nodes.0.title") == "" {
		t.Errorf("the demo is %s", a.raw)
	}
	if status, body := p.get("/dev/mailbox", "application/json"); status != http.StatusOK || body != `{"messages":[]}` {
		t.Errorf("the demo's mailbox answers %d %s", status, body)
	}
	names, _, _ := strings.Cut(a.raw, `"extensions"`)
	return names
}

// postOffice is a real mail server.
type postOffice struct {
	port string
	// arriving is called when a message has come, before it is accepted.
	arriving func()

	mutex   sync.Mutex
	letters []letter
}

// letter is a message that was accepted.
type letter struct{ id, to, subject string }

func openPostOffice(t *testing.T, arriving func()) *postOffice {
	t.Helper()
	o := &postOffice{arriving: arriving}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &counter{o}, nil }))
	server.ErrorLog = log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.port = strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return o
}

// settings make the program send its mail here.
func (o *postOffice) settings() []string {
	return []string{"SMTP_HOST=127.0.0.1", "SMTP_PORT=" + o.port}
}

func (o *postOffice) inbox() []letter {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return slices.Clone(o.letters)
}

// counter is where one client hands its mail over.
type counter struct{ office *postOffice }

func (*counter) Mail(string, *smtp.MailOptions) error { return nil }
func (*counter) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*counter) Reset()                               {}
func (*counter) Logout() error                        { return nil }

func (c *counter) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, message.Body); err != nil {
		return err
	}
	to, err := mail.ParseAddress(message.Header.Get("To"))
	if err != nil {
		return err
	}
	if c.office.arriving != nil {
		c.office.arriving()
	}
	c.office.mutex.Lock()
	defer c.office.mutex.Unlock()
	c.office.letters = append(c.office.letters, letter{
		strings.Trim(message.Header.Get("Message-Id"), "<>"), to.Address, message.Header.Get("Subject"),
	})
	return nil
}

// TestStop: a server that is told to stop answers the requests that have come, and finishes the mail that it is sending.
func TestStop(t *testing.T) {
	t.Parallel()
	arrived, accept := make(chan struct{}, 2), make(chan struct{})
	office := openPostOffice(t, func() {
		arrived <- struct{}{}
		<-accept
	})
	folder := t.TempDir()
	p := serve(t, folder, office.settings()...)
	if out := read(t, p.out); !strings.Contains(out, "sent through 127.0.0.1:"+office.port) {
		t.Errorf("the greeting is\n%s", out)
	}
	token, customer := populate(p)
	meeting := p.must(token, createInteraction, variables{"customer": customer, "title": "Demo"}).
		text("createInteraction.interaction.id")
	<-arrived
	<-arrived
	goOn := p.beginRequest(logIn, variables{"email": "asha@crm.example", "password": "correct horse"})
	p.signal(syscall.SIGTERM)
	eventually(t, "no new connections are taken", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+p.port())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	if a := goOn(); a.status != http.StatusOK || a.text("logInUser.tokens.accessToken") == "" {
		t.Errorf("the log-in under way was answered with %d %s", a.status, a.raw)
	}
	select {
	case <-p.ended:
		t.Error("the program ended in the middle of its mail")
	default:
	}
	close(accept)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	p = serve(t, folder, office.settings()...)
	nodes := p.must(token, `query($id: ID!) { interaction(id: $id) { deliveries { nodes { status attempts } } } }`,
		variables{"id": meeting}).at("interaction.deliveries.nodes")
	if got := fmt.Sprint(nodes); got != "[map[attempts:1 status:SENT] map[attempts:1 status:SENT]]" {
		t.Errorf("the deliveries are %s", got)
	}
	p.stop()
	if mails := office.inbox(); len(mails) != 2 {
		t.Errorf("there are %d mails: %v", len(mails), mails)
	}
}

// beginRequest sends an operation but its body, and returns when the server has begun to read that; goOn sends the
// body and returns the answer.
func (p *process) beginRequest(query string, vars variables) (goOn func() answer) {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		p.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+p.port())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	if err != nil {
		p.t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	respond := func() answer {
		p.t.Helper()
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		if response.StatusCode == http.StatusContinue {
			return answer{status: response.StatusCode}
		}
		a, err := readAnswer(response)
		if err != nil {
			p.t.Fatal(err)
		}
		return a
	}
	if a := respond(); a.status != http.StatusContinue {
		p.t.Fatalf("the server doesn't want the body: %d %s", a.status, a.raw)
	}
	return func() answer {
		p.t.Helper()
		if _, err := conn.Write(body); err != nil {
			p.t.Fatal(err)
		}
		return respond()
	}
}

// mongoSettings are a configuration with a MongoDB.
func mongoSettings(uri string) []string {
	return []string{"MONGO_URI=" + uri, "SECRET_KEY=general", "USER_SECRET_KEY=users", "CUSTOMER_SECRET_KEY=customers"}
}

// absent returns the URI of a MongoDB that isn't there.
func absent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	return "mongodb://" + listener.Addr().String()
}

// TestMongoAbsent: the server waits for MongoDB for a while, and says so.
func TestMongoAbsent(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for half a minute")
	}
	_, logs := ends(t, t.TempDir(), mongoSettings(absent(t)), 1)
	lines := strings.Split(strings.TrimSpace(logs), "\n")
	last := lines[len(lines)-1]
	if last != "crm: MONGO_URI: cannot reach the database within 30s" {
		t.Errorf("the last line is %s", last)
	}
	for _, line := range lines[:len(lines)-1] {
		if !strings.Contains(line, `"msg":"waiting for the database"`) {
			t.Errorf("a line is %s", line)
		}
	}
	if len(lines) < 3 {
		t.Errorf("there is no progress in\n%s", logs)
	}
}

// TestStopWhileWaiting: a server that still waits for MongoDB ends when it is told to.
func TestStopWhileWaiting(t *testing.T) {
	t.Parallel()
	p := begin(t, t.TempDir(), mongoSettings(absent(t)))
	eventually(t, "the server waits", func() bool { return strings.Contains(read(t, p.logs), "waiting for the database") })
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 1 || !strings.HasSuffix(read(t, p.logs), "terminated signal received\n") {
		t.Errorf("exit code %d; the server wrote\n%s", code, read(t, p.logs))
	}
}

// TestMongoOutage: without MongoDB, requests are told so, and with it back they succeed.
func TestMongoOutage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	uri, stop := mongotest.Serve(t, folder, "127.0.0.1:0")
	p := serve(t, t.TempDir(), mongoSettings(uri)...)
	if out := read(t, p.out); !strings.Contains(out, "MongoDB, database crm\n") || strings.Contains(out, "/dev/mailbox") {
		t.Errorf("the greeting is\n%s", out)
	}
	token, customer := populate(p)
	health := func(code int) {
		t.Helper()
		ends(t, t.TempDir(), []string{"PORT=" + p.port()}, code, "health")
	}
	health(0)

	stop()
	for path, want := range map[string]int{"/readyz": 503, "/healthz": 200, "/health": 200} {
		if status, body := p.get(path, ""); status != want {
			t.Errorf("without MongoDB, %s answers %d %s", path, status, body)
		}
	}
	health(1)
	var asking sync.WaitGroup
	want := func(token string, status int, operation string, vars variables) {
		asking.Go(func() {
			a, err := p.ask(token, operation, vars)
			if err != nil || a.code() != "UNAVAILABLE" || a.status != status {
				t.Errorf("without MongoDB, %s answers %d %s %v", operation, a.status, a.raw, err)
			}
		})
	}
	want(token, http.StatusServiceUnavailable, viewer, nil)
	want("", http.StatusOK, logIn, variables{"email": "asha@crm.example", "password": "correct horse"})
	asking.Wait()

	address, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	mongotest.Serve(t, folder, address.Host)
	eventually(t, "the server is ready again", func() bool {
		status, _ := p.get("/readyz", "")
		return status == http.StatusOK
	})
	health(0)
	p.must(token, viewer, nil)
	p.must(token, createInteraction, variables{"customer": customer, "title": "Back"})
	p.stop()
}

// TestKills kills the server again and again while it works: what was acknowledged is there, and its mail comes.
func TestKills(t *testing.T) {
	t.Parallel()
	kills := func(n int) int {
		if testing.Short() {
			return 5
		}
		return n
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		run(t, &ordeal{kills: kills(32), folder: folder, open: func() (db.Store, error) {
			return sqlite.Open(t.Context(), filepath.Join(folder, "data", "crm.db"), db.Collections())
		}})
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		uri, name := mongotest.URI(t), mongotest.Database(t).Name()
		run(t, &ordeal{
			kills: kills(8), folder: t.TempDir(), settings: append(mongoSettings(uri), "MONGO_DATABASE="+name),
			open: func() (db.Store, error) { return mongo.Open(uri, name, db.Collections()) },
		})
	})
}

// ordeal is a run of TestKills.
type ordeal struct {
	kills    int
	folder   string
	settings []string
	// open opens the store while the server is down, to look at what the API doesn't show.
	open func() (db.Store, error)

	t        *testing.T
	office   *postOffice
	token    string
	writers  []*writer
	promises atomic.Int64
}

func run(t *testing.T, o *ordeal) {
	const writers, seed = 4, 42
	random := rand.New(rand.NewPCG(seed, 0))
	o.t, o.office = t, openPostOffice(t, nil)
	o.settings = append(o.settings, o.office.settings()...)
	p := serve(t, o.folder, o.settings...)
	var customer string
	o.token, customer = populate(p)
	for i := range writers {
		o.writers = append(o.writers, &writer{
			name: fmt.Sprintf("w%d", i), token: o.token, customer: customer, tickets: map[string]string{},
			random: rand.New(rand.NewPCG(seed, uint64(i+1))),
		})
	}
	for kill := range o.kills {
		if kill > 0 && random.IntN(5) == 0 {
			// One that is killed while it starts, or soon after.
			dying := begin(t, o.folder, o.settings)
			o.wait(make(chan struct{}), time.Duration(random.IntN(100))*time.Millisecond)
			dying.kill()
			continue
		}
		if kill > 0 {
			p = serve(t, o.folder, o.settings...)
		}
		o.workUntilKilled(p, random.IntN(21), time.Duration(random.IntN(3000))*time.Millisecond)
		if random.IntN(8) == 0 {
			o.endLeases()
		}
	}
	o.endLeases()
	p = serve(t, o.folder, o.settings...)
	interactions, tickets := o.settled(p)
	o.checkPromises(interactions, tickets)
	p.stop()
	o.checkStore(interactions, tickets)
}

// wait waits for whichever is first.
func (o *ordeal) wait(enough <-chan struct{}, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-enough:
	case <-timer.C:
	}
}

// workUntilKilled lets the writers work until the server has acknowledged that many of their changes, or the time is
// up, and kills it in the middle of the next.
func (o *ordeal) workUntilKilled(p *process, promises int, limit time.Duration) {
	o.t.Helper()
	enough := make(chan struct{})
	var made atomic.Int64
	if promises == 0 {
		close(enough)
	}
	var working sync.WaitGroup
	for _, w := range o.writers {
		working.Go(func() {
			for w.write(o.t, p) {
				o.promises.Add(1)
				if made.Add(1) == int64(promises) {
					close(enough)
				}
			}
		})
	}
	o.wait(enough, limit)
	p.kill()
	working.Wait()
}

// endLeases does what two minutes do: what a killed server was sending may be sent by the next one.
func (o *ordeal) endLeases() {
	o.t.Helper()
	store, err := o.open()
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for {
		err := store.Claim(o.t.Context(), db.Deliveries, db.Query{
			Where: db.And(db.Eq("status", string(db.DeliveryPending)), db.Compare(db.OpGt, "next_attempt_at", now)),
			Sort:  []db.Sort{{Field: "_id"}},
		}, []db.Assignment{{Field: "next_attempt_at", Value: now}}, new(db.Delivery))
		if db.CodeOf(err) == db.NotFound {
			return
		}
		if err != nil {
			o.t.Fatal(err)
		}
	}
}

// writer makes changes, one after the other, and remembers which were acknowledged. The texts of all changes differ.
type writer struct {
	name, token, customer string
	random                *rand.Rand
	sent                  int
	meetings              []*meeting
	// tickets are the acknowledged ones: id to description.
	tickets map[string]string
}

// meeting is an acknowledged interaction: the titles that were acknowledged, and those sent since without an answer.
type meeting struct {
	id             string
	titles, unsure []string
}

// write makes one change; it returns false when the server is gone.
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

// ask returns false when the server is gone. As long as it is there, it has to do as it is told.
func (w *writer) ask(t *testing.T, p *process, query string, vars variables) (answer, bool) {
	a, err := p.ask(w.token, query, vars)
	if err == nil && len(a.Errors) > 0 {
		t.Errorf("%s\nfailed: %s", query, a.raw)
	}
	return a, err == nil && len(a.Errors) == 0
}

// entity is an interaction or a ticket as the API shows it after all.
type entity struct {
	ID                 string
	Title, Description string
	Version            int
	Deliveries         struct{ Nodes []struct{ Status string } }
	Tickets            struct{ Nodes []entity }
}

// settled waits until all mail is sent, and returns everything by its id. It asks for the API's view only when all mail
// has come, so as not to keep the server from sending it.
func (o *ordeal) settled(p *process) (interactions, tickets map[string]entity) {
	o.t.Helper()
	interactions, tickets = o.everything(p)
	expected := 0
	for _, e := range interactions {
		expected += toldOfInteraction * e.Version
	}
	for _, e := range tickets {
		expected += toldOfTicket * e.Version
	}
	eventually(o.t, fmt.Sprintf("%d mails come", expected), func() bool {
		different := map[string]bool{}
		for _, l := range o.office.inbox() {
			different[l.id] = true
		}
		return len(different) >= expected
	})
	eventually(o.t, "all mail is known to be sent", func() bool {
		interactions, tickets = o.everything(p)
		for _, e := range interactions {
			if !e.told(toldOfInteraction) {
				return false
			}
		}
		for _, e := range tickets {
			if !e.told(toldOfTicket) {
				return false
			}
		}
		return true
	})
	return interactions, tickets
}

// How many are told of every change: of an interaction its customer and its user, of a ticket only the customer, since
// the user raised it.
const (
	toldOfInteraction = 2
	toldOfTicket      = 1
)

// told says whether that many recipients were sent mail about each version, and nobody else anything.
func (e entity) told(recipients int) bool {
	for _, delivery := range e.Deliveries.Nodes {
		if delivery.Status != "SENT" {
			return false
		}
	}
	return len(e.Deliveries.Nodes) == recipients*e.Version
}

// everything reads all interactions and tickets, page by page.
func (o *ordeal) everything(p *process) (interactions, tickets map[string]entity) {
	o.t.Helper()
	interactions, tickets = map[string]entity{}, map[string]entity{}
	var page struct {
		Interactions struct {
			PageInfo struct {
				HasNextPage bool
				EndCursor   string
			}
			Nodes []entity
		}
	}
	vars := variables{}
	for {
		a := p.must(o.token, `query($after: String) { interactions(first: 50, after: $after) {
			pageInfo { hasNextPage endCursor }
			nodes {
				id title version deliveries(first: 100) { nodes { status } }
				tickets(first: 50) { nodes { id description version deliveries(first: 5) { nodes { status } } } }
			} } }`, vars)
		raw, err := json.Marshal(a.Data)
		if err != nil {
			o.t.Fatal(err)
		}
		page.Interactions.Nodes = nil
		if err := json.Unmarshal(raw, &page); err != nil {
			o.t.Fatal(err)
		}
		for _, interaction := range page.Interactions.Nodes {
			interactions[interaction.ID] = interaction
			for _, ticket := range interaction.Tickets.Nodes {
				tickets[ticket.ID] = ticket
			}
		}
		if !page.Interactions.PageInfo.HasNextPage {
			return interactions, tickets
		}
		vars["after"] = page.Interactions.PageInfo.EndCursor
	}
}

// checkPromises wants every acknowledged change to be there, and its mail to have come.
func (o *ordeal) checkPromises(interactions, tickets map[string]entity) {
	o.t.Helper()
	came := map[string]bool{}
	for _, l := range o.office.inbox() {
		came[l.to+" "+l.subject] = true
	}
	told := func(subject string, recipients ...string) {
		for _, to := range recipients {
			if !came[to+" "+subject] {
				o.t.Errorf("%s was never sent %q", to, subject)
			}
		}
	}
	const user, customer = "asha@crm.example", "carl@customer.example"
	for _, w := range o.writers {
		for _, m := range w.meetings {
			last := m.titles[len(m.titles)-1]
			if now := interactions[m.id].Title; now != last && !slices.Contains(m.unsure, now) {
				o.t.Errorf("interaction %s is now %q, but %q was acknowledged", m.id, now, last)
			}
			told("New meeting: "+m.titles[0], user, customer)
			for _, title := range m.titles[1:] {
				told("Changed meeting: "+title, user, customer)
			}
		}
		for id, description := range w.tickets {
			if now := tickets[id].Description; now != description {
				o.t.Errorf("ticket %s is now %q, but %q was acknowledged", id, now, description)
			}
			told("New ticket: "+description, customer)
		}
	}
}

// checkStore wants a log of events without gaps that tells of every change once, and no mail but what follows from it.
func (o *ordeal) checkStore(interactions, tickets map[string]entity) {
	o.t.Helper()
	store, err := o.open()
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	told := map[string]int{}
	for i, event := range all[db.Event](o.t, store, db.Events, "seq") {
		if event.Seq != i+1 || !event.Planned {
			o.t.Errorf("event %d has number %d; planned: %t", i+1, event.Seq, event.Planned)
		}
		entity, _, _ := strings.Cut(event.Type, ".")
		told[entity]++
	}
	for entity, versions := range map[string]map[string]entity{"interaction": interactions, "ticket": tickets} {
		changes := 0
		for e := range maps.Values(versions) {
			changes += e.Version
		}
		if told[entity] != changes {
			o.t.Errorf("%d events tell of %d changes of every %s", told[entity], changes, entity)
		}
	}
	copies := map[string]int{}
	for _, l := range o.office.inbox() {
		copies[l.id]++
	}
	deliveries := all[db.Delivery](o.t, store, db.Deliveries, "created_at")
	duplicates, most := 0, 0
	for _, delivery := range deliveries {
		came := copies[delivery.MessageID]
		delete(copies, delivery.MessageID)
		if came < 1 || came > 1+o.kills || delivery.Status != db.DeliverySent {
			o.t.Errorf("delivery %s is %s and came %d times", delivery.ID, delivery.Status, came)
		}
		duplicates += came - 1
		most = max(most, came)
	}
	if len(copies) > 0 {
		o.t.Errorf("mail came that nobody knows of: %v", copies)
	}
	o.t.Logf("%d kills, %d changes acknowledged, %d interactions, %d tickets, %d mails, %d duplicates, no mail more than %d times",
		o.kills, o.promises.Load(), len(interactions), len(tickets), len(deliveries), duplicates, most)
}

// all reads a whole collection.
func all[T any, P interface {
	*T
	db.Document
}](t *testing.T, store db.Store, c *db.Collection, order string) []P {
	t.Helper()
	var found []P
	sort := []db.Sort{{Field: order}, {Field: "_id"}}
	if err := store.Find(t.Context(), c, db.Query{Sort: sort}, func() db.Document {
		found = append(found, P(new(T)))
		return found[len(found)-1]
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
