package e2e_test

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestStart checks that the program needs no configuration, and keeps everything across a restart.
func TestStart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	p := serve(t, folder)
	for path, want := range map[string]string{
		"/health": `{"success":"server is up and running..."}`, "/healthz": `{"status":"alive"}`,
		"/readyz": `{"status":"ready","store":"ok","disk":"ok"}`,
	} {
		if status, body := p.get(path, ""); status != http.StatusOK || body != want {
			t.Errorf("%s got %d %s", path, status, body)
		}
	}
	for _, path := range []string{"/", "/graphql", "/graphql/"} {
		if status, body := p.get(path, "text/html"); status != http.StatusOK || !strings.Contains(body, "<html") {
			t.Errorf("a browser at %s got %d %s", path, status, body)
		}
	}
	if status, _ := p.get("/nonsense", "text/html"); status != http.StatusNotFound {
		t.Errorf("an unknown path got %d", status)
	}
	checkModes(t, filepath.Join(folder, "data"))
	checkProtocols(t, p)

	greeting, mutation, found := strings.Cut(read(t, p.out), "\n\n")
	mutation = mutation[strings.Index(mutation, "mutation {"):]
	if want := strings.ReplaceAll(`GraphQL     URL/graphql
Playground  URL/
Data        data/crm.db
Mail        stored, not sent (SMTP_HOST is not set): URL/dev/mailbox`, "URL", p.url); !found || greeting != want {
		t.Errorf("the greeting is\n%s", greeting)
	}
	tokens := p.must("", mutation, nil)
	token := tokens.text("signUpUser.tokens.accessToken")
	if tokens.text("signUpUser.user.role") != "ADMIN" {
		t.Errorf("the first user is %s", tokens.raw)
	}
	p.must(token, createCustomer, nil)

	next := begin(t, folder, nil) // it waits until the other one has stopped
	p.stop()
	p = next
	p.waitUntilReady()
	if status, _ := p.get("/readyz", ""); status != http.StatusOK {
		t.Errorf("after a restart, /readyz got %d", status)
	}
	if out := read(t, p.out); strings.Contains(out, "mutation") {
		t.Errorf("with an existing user, the greeting is\n%s", out)
	}
	if name := p.must(token, viewer, nil).text("viewer.name"); name != "Rohan" {
		t.Errorf("the earlier token is that of %q", name)
	}
	token = logInAs(p, "rohan@gmail.com", "choose a long one")
	if name := p.must(token, `{ customers { nodes { name } } }`, nil).text("customers.nodes.0.name"); name != "Carl" {
		t.Errorf("the earlier customer is %q", name)
	}
	p.stop()
}

// TestBehindProxy starts the program below a path, on one address, and sends it SIGHUP.
func TestBehindProxy(t *testing.T) {
	t.Parallel()
	p := begin(t, t.TempDir(), []string{"HOST=localhost", "BASE_PATH=/crm/"})
	p.base = regexp.MustCompile(`(?m)^GraphQL +(http://localhost:\d+)/crm/graphql$`)
	p.waitUntilReady()
	p.signal(syscall.SIGHUP)
	for _, base := range []string{"", "/crm"} {
		for path, want := range map[string]string{
			"/readyz": "ready", "/dev/mailbox": "Mailbox", "/": `src="/crm/playground/playground.js"`, "/graphql": `data-endpoint="/crm/graphql"`,
			"/playground/playground.js": "createFetcher", "/graphql?query=%7B__typename%7D": `"Query"`,
		} {
			accept := "text/html"
			if strings.Contains(path, "?") {
				accept = "application/json"
			}
			if status, body := p.get(base+path, accept); status != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s got %d %s", base+path, status, body)
			}
		}
	}
	if status, body := p.get("/crm", "text/html"); status != http.StatusOK || !strings.Contains(body, "/crm/playground/") {
		t.Errorf("/crm got %d %s", status, body)
	}
	if status, _ := p.get("/crmx/readyz", ""); status != http.StatusNotFound {
		t.Errorf("another prefix got %d", status)
	}
	p.stop()
}

// TestTrustedDocuments checks that with a manifest only its documents run, and the playground is off.
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
			t.Errorf("%s got %d", path, status)
		}
	}
	if err := os.WriteFile(manifest, []byte(`{"bad":"{nonsense}"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(t, []string{"TRUSTED_DOCUMENTS=" + manifest}, []string{"TRUSTED_DOCUMENTS", `"bad"`, "nonsense"})
}

// checkModes checks that the folder contains the data and the keys, and only its owner can read them.
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

// checkProtocols sends an operation by HTTP/1.1 and by HTTP/2 without TLS, to both forms of the address, and reads an event
// stream.
func checkProtocols(t *testing.T, p *process) {
	t.Helper()
	for major := 1; major <= 2; major++ {
		var protocols http.Protocols
		protocols.SetHTTP1(major == 1)
		protocols.SetUnencryptedHTTP2(major == 2)
		client := &http.Client{Transport: &http.Transport{Protocols: &protocols}}
		for path, want := range map[string]string{"/graphql": "application/json", "/graphql/": "text/event-stream"} {
			request, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(`{"query":"{__typename}"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Accept", want)
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || response.ProtoMajor != major || response.StatusCode != http.StatusOK ||
				!strings.HasPrefix(response.Header.Get("Content-Type"), want) || !strings.Contains(string(body), `{"data":{"__typename":"Query"}`) {
				t.Errorf("%s by HTTP/%d got %s %d %s, %v", path, major, response.Proto, response.StatusCode, body, err)
			}
		}
		client.CloseIdleConnections()
	}
}
