package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"crm/db/demo"
	"crm/db/mongo/mongotest"
)

// moved is what a move must keep: ids, numbers, texts, and the cursors of pages.
const moved = `query($after: String) { customers(first: 3, after: $after) { nodes { id name } pageInfo { endCursor } }
	tickets { nodes { id number title status interaction { id title } } } }`

// TestMove moves a store from a file to MongoDB and back. Both moves are killed and called again.
func TestMove(t *testing.T) {
	t.Parallel()
	folder, back := t.TempDir(), t.TempDir()
	ends(t, folder, nil, 0, "demo", "--customers", "4")
	database := mongotest.Database(t)
	uri := databaseURI(t, database.Name())
	p := serve(t, folder)
	token := logInAs(p, demo.Admin, demo.Password)
	content := strings.Repeat("a page of a report\n", 30_000)
	p.attach(token, p.must(token, `{ interactions(first: 1) { nodes { id } } }`, nil).text("interactions.nodes.0.id"), "report.txt", content)
	first := p.must(token, moved, nil)
	after := variables{"after": first.text("customers.pageInfo.endCursor")}
	want := p.must(token, moved, after).raw
	if _, logs := ends(t, folder, nil, 1, "move", "--to", uri); !strings.Contains(logs, "stop it first") {
		t.Errorf("with a server, moving says %s", logs)
	}
	p.stop()

	there := append([]string{"MONGO_URI=" + uri}, keyFiles(folder)...)
	moveKilled(t, folder, nil, there, uri, func() bool {
		n, err := database.Collection("interactions").EstimatedDocumentCount(t.Context())
		return err == nil && n > 0
	})
	if _, logs := ends(t, folder, nil, 1, "move", "--to", uri); !strings.Contains(logs, "empty store only") {
		t.Errorf("moving to a store that is in use says %s", logs)
	}
	p = serve(t, folder, there...)
	if got := p.must(token, moved, after).raw; withoutCost(got) != withoutCost(want) {
		t.Errorf("the server on MongoDB answers\n%s\nnot\n%s", got, want)
	}
	p.must(token, `mutation($id: ID!) { updateCustomer(input: {id: $id, name: "After the move"}) { customer { id } } }`,
		variables{"id": first.text("customers.nodes.0.id")})
	p.wantAttached(token, content)
	want = p.must(token, moved, after).raw
	p.stop()

	moveKilled(t, folder, there, nil, filepath.Join(back, "data"), func() bool {
		return isBeingFilled(filepath.Join(back, "data", "crm.db"))
	})
	ends(t, back, nil, 0, "check")
	p = serve(t, back)
	if got := p.must(token, moved, after).raw; withoutCost(got) != withoutCost(want) {
		t.Errorf("the server that is back on a file answers\n%s\nnot\n%s", got, want)
	}
	p.wantAttached(token, content)
	if got := p.must(token, moved, nil).text("customers.nodes.0.name"); got != "After the move" {
		t.Errorf("the first customer's name is %q", got)
	}
}

// moveKilled moves a store in two runs. The first is killed when some of the data has been moved.
func moveKilled(t *testing.T, folder string, from, there []string, to string, begun func() bool) {
	t.Helper()
	killed := begin(t, folder, from, "move", "--to", to)
	eventually(t, "some data is moved", func() bool { return killed.hasEnded() || begun() })
	early := !killed.hasEnded()
	killed.kill()
	if !early {
		return // it was faster
	}
	in := folder
	if there == nil {
		in = filepath.Dir(to)
	}
	if _, logs := ends(t, in, there, 1, "check"); !strings.Contains(logs, "run crm move again") {
		t.Errorf("a store to which the data has been moved in part is used: %s", logs)
	}
	if out, _ := ends(t, folder, from, 0, "move", "--to", to); !strings.Contains(out, "have been moved to") {
		t.Errorf("moving again says %s", out)
	}
}

// isBeingFilled reports whether a data file is marked as being filled.
func isBeingFilled(path string) bool {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	marked := false
	err = sqlitex.Execute(conn, "SELECT 1 FROM restorations", &sqlitex.ExecOptions{
		ResultFunc: func(*sqlite.Stmt) error { marked = true; return nil },
	})
	return err == nil && marked
}

// databaseURI returns the URI of a database of the MongoDB for tests.
func databaseURI(t *testing.T, name string) string {
	t.Helper()
	host, options, _ := strings.Cut(mongotest.URI(t), "?")
	return strings.TrimSuffix(host, "/") + "/" + name + "?" + options
}

// keyFiles returns settings with the keys in a folder.
func keyFiles(folder string) []string {
	var lines []string
	for _, name := range []string{"secret_key", "user_secret_key", "customer_secret_key"} {
		lines = append(lines, strings.ToUpper(name)+"_FILE="+filepath.Join(folder, "data", name))
	}
	return lines
}

// TestMoveArguments calls the command wrongly; nothing of a URI is shown.
func TestMoveArguments(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		words     string
		arguments []string
	}{
		{"--to FOLDER|MONGO_URI", nil},
		{"--to FOLDER|MONGO_URI", []string{"--to", "a", "--to-file", "b"}},
		{"there already", []string{"--to", "data/crm.db"}},
		{"mongodb://", []string{"--to", "postgres://hunter2@host"}},
		{"the database's name", []string{"--to", "mongodb://crm:hunter2/@host/crm?x=y"}},
		{"must be a URI", []string{"--to", "mongodb://crm:hunter2@host:port/crm"}},
		{"--to-file", []string{"--to-file", "missing"}},
	} {
		out, logs := ends(t, t.TempDir(), nil, 1, append([]string{"move"}, test.arguments...)...)
		if out != "" || !strings.Contains(logs, test.words) || strings.Contains(logs, "hunter2") {
			t.Errorf("%v: got\n%s%s", test.arguments, out, logs)
		}
	}
}
