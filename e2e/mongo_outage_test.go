package e2e_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"

	"crm/db/mongo/mongotest"
)

// mongoSettings returns settings with a MongoDB.
func mongoSettings(uri string) []string {
	return []string{"MONGO_URI=" + uri, "SECRET_KEY=a key of 32 characters for cursors", "USER_SECRET_KEY=a key of 32 characters for users",
		"CUSTOMER_SECRET_KEY=a key of 32 characters for customers"}
}

// absent returns the URI of a MongoDB that isn't running.
func absent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	return "mongodb://" + listener.Addr().String()
}

// TestMongoAbsent checks that the server waits for MongoDB for a while, and logs that.
func TestMongoAbsent(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short mode: the server waits for half a minute")
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

// TestStopWhileWaiting checks that a server that is waiting for MongoDB can be stopped.
func TestStopWhileWaiting(t *testing.T) {
	t.Parallel()
	p := begin(t, t.TempDir(), mongoSettings(absent(t)))
	eventually(t, "the server waits", func() bool { return strings.Contains(read(t, p.logs), "waiting for the database") })
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 1 || !strings.HasSuffix(read(t, p.logs), "terminated signal received\n") {
		t.Errorf("exit code %d; the output is\n%s", code, read(t, p.logs))
	}
}

// TestMongoOutage checks that requests get an error without MongoDB, and succeed when it is back.
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
			t.Errorf("without MongoDB, %s gets %d %s", path, status, body)
		}
	}
	health(1)
	var asking sync.WaitGroup
	want := func(token string, status int, operation string, vars variables) {
		asking.Go(func() {
			a, err := p.ask(token, operation, vars)
			if err != nil || a.code() != "UNAVAILABLE" || a.status != status {
				t.Errorf("without MongoDB, %s gets %d %s %v", operation, a.status, a.raw, err)
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

// TestOldDataElsewhere checks that a server on an empty database beside one with the old application's data says which line to
// set, although the URI names a database.
func TestOldDataElsewhere(t *testing.T) {
	t.Parallel()
	old, empty := mongotest.Database(t), mongotest.Database(t)
	if _, err := old.Collection("users").InsertOne(t.Context(), map[string]any{"name": "Rohan", "email": "r@example.com", "user_id": "x"}); err != nil {
		t.Fatal(err)
	}
	uri := strings.TrimSuffix(mongotest.URI(t), "/") + "/" + empty.Name()
	line := "MONGO_DATABASE=" + old.Name()
	p := serve(t, t.TempDir(), mongoSettings(uri)...)
	if logs := read(t, p.logs); !strings.Contains(logs, "the database "+empty.Name()+" is empty") || !strings.Contains(logs, line) {
		t.Errorf("there is no %s in\n%s", line, logs)
	}
	p = serve(t, t.TempDir(), append(mongoSettings(uri), line)...)
	if logs, out := read(t, p.logs), read(t, p.out); strings.Contains(logs, "is empty") || !strings.Contains(out, old.Name()) {
		t.Errorf("the server isn't on the other database:\n%s%s", out, logs)
	}
}
