package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/demo"
	"crm/db/mongo/mongotest"
)

// versions is the folder with a small store of each released version, as that version wrote it: its data file, its database in MongoDB,
// a backup, and its answers. CONTRIBUTING.md says how to add one.
const versions = "versions"

// versionQueries are answered by each version; what a store answers to them must not change.
var versionQueries = []string{
	`{ customers(first: 50) { totalCount nodes { id name email company phone createdAt notes { nodes { id text pinned author { name } } }
		interactions { nodes { id kind title description status startTime endTime location internal user { name } } } } } }`,
	`{ tickets(first: 50) { nodes { id number title description status priority createdAt updatedAt assignee { name } interaction { id } } } }`,
	`{ users(first: 50) { nodes { id name email role createdAt } } }`,
}

// answered is a query with its answer.
type answered struct{ Query, Answer string }

// TestVersions opens the store of each released version, on both engines and from its backup.
func TestVersions(t *testing.T) {
	t.Parallel()
	if version := os.Getenv("VERSION"); version != "" {
		writeVersion(t, filepath.Join(versions, version))
	}
	folders, err := os.ReadDir(versions)
	if err != nil || len(folders) == 0 {
		t.Fatalf("there are no stores of earlier versions: %v", err)
	}
	for _, folder := range folders {
		path := filepath.Join(versions, folder.Name())
		t.Run(folder.Name()+"/sqlite", func(t *testing.T) {
			t.Parallel()
			in := t.TempDir()
			if err := os.Mkdir(filepath.Join(in, "data"), 0o700); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(in, "data", "crm.db"), string(unpack(t, filepath.Join(path, "crm.db.gz"))))
			checkVersion(t, path, in, nil)
		})
		t.Run(folder.Name()+"/mongo", func(t *testing.T) {
			t.Parallel()
			mongotest.SkipOnStandIn(t)
			database := mongotest.Database(t)
			restoreDatabase(t, database, filepath.Join(path, "mongo.jsonl.gz"), 0)
			checkVersion(t, path, t.TempDir(), append(mongoSettings(mongotest.URI(t)), "MONGO_DATABASE="+database.Name()))
		})
		t.Run(folder.Name()+"/backup", func(t *testing.T) {
			t.Parallel()
			in, backup := t.TempDir(), filepath.Join(path, "backup")
			absolute, err := filepath.Abs(backup)
			if err != nil {
				t.Fatal(err)
			}
			ends(t, in, nil, 0, "restore", absolute)
			checkVersion(t, path, in, nil)
		})
	}
}

// checkVersion checks a store, serves it, and compares its answers with those of the version that wrote it.
func checkVersion(t *testing.T, path, in string, settings []string) {
	t.Helper()
	ends(t, in, settings, 0, "check")
	p := serve(t, in, slices.Concat(settings, []string{"QUERY_COST=false"})...)
	token := logInAs(p, demo.Admin, demo.Password)
	var want []answered
	if err := json.Unmarshal([]byte(read(t, filepath.Join(path, "answers.json"))), &want); err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		if got := strings.TrimSpace(p.must(token, w.Query, nil).raw); got != w.Answer {
			t.Errorf("%s\nis answered with\n%s\nwant\n%s", w.Query, got, w.Answer)
		}
	}
	p.must(token, `mutation($id: ID!) { updateCustomer(input: {id: $id, name: "Changed"}) { customer { name } } }`,
		variables{"id": p.must(token, `{ customers(first: 1) { nodes { id } } }`, nil).text("customers.nodes.0.id")})
	p.stop()
}

// writeVersion writes the store of this version into a folder.
func writeVersion(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // a folder of the repository
		t.Fatal(err)
	}
	in := t.TempDir()
	ends(t, in, nil, 0, "demo", "--customers", "3")
	p := serve(t, in, "QUERY_COST=false")
	token := logInAs(p, demo.Admin, demo.Password)
	p.must(token, `mutation($id: ID!) { createCustomerNote(input: {customerId: $id, text: "Prefers e-mail", pinned: true}) { customerNote { id } } }`,
		variables{"id": p.must(token, `{ customers(first: 1) { nodes { id } } }`, nil).text("customers.nodes.0.id")})
	var answers []answered
	for _, query := range versionQueries {
		answers = append(answers, answered{query, strings.TrimSpace(p.must(token, query, nil).raw)})
	}
	p.stop()
	encoded, err := json.MarshalIndent(answers, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(path, "answers.json"), string(encoded)+"\n")
	ends(t, in, nil, 0, "backup", filepath.Join(in, "backup"))
	writeFile(t, filepath.Join(path, "backup"), read(t, filepath.Join(in, "backup")))
	writeFile(t, filepath.Join(path, "crm.db.gz"), pack(t, []byte(read(t, filepath.Join(in, "data", "crm.db")))))
	writeFile(t, filepath.Join(path, "mongo.jsonl.gz"), pack(t, dump(t, in)))
}

// dump moves the data in a folder to MongoDB, and returns the database: lines with the name of a collection and a document.
func dump(t *testing.T, in string) []byte {
	t.Helper()
	database := mongotest.Database(t)
	ends(t, in, []string{"MONGO_DATABASE=" + database.Name()}, 0, "move", "--to", databaseURI(t, database.Name()))
	names, err := database.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var lines bytes.Buffer
	for _, name := range names {
		found, err := database.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for found.Next(t.Context()) {
			text, err := bson.MarshalExtJSON(found.Current, true, false)
			if err != nil {
				t.Fatal(err)
			}
			lines.WriteString(name + " " + string(text) + "\n")
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return lines.Bytes()
}

func pack(t *testing.T, content []byte) string {
	t.Helper()
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = writer.Write(content)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return packed.String()
}
