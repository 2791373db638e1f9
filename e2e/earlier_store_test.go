package e2e_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"crm/db/mongo/mongotest"
)

// earlierStore is the store of an earlier version of the server, and that version's responses from it. The stores in
// testdata/earlier were copied when some events were not in the log yet, some were in the log but their mail was not
// planned, one message had been refused permanently and one temporarily.
type earlierStore struct {
	TakenAt       time.Time
	RefreshTokens map[string]string
	Operations    []struct{ Account, Query, Answer string }
	// Changes are the changes of tickets after the seq After, including pending ones.
	After   int
	Changes []ticketChange
	// Mail is the mail that had not been sent yet.
	Mail []struct{ To, Subject string }
}

// TestEarlierStore starts the program on a store of an earlier version, as an update does, and checks that nothing is lost.
func TestEarlierStore(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		want := readEarlierStore(t, "sqlite")
		folder := t.TempDir()
		restoreFile(t, filepath.Join(folder, "data"), time.Since(want.TakenAt))
		want.check(t, folder, mongoSettings("")[1:])
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		mongotest.SkipOnStandIn(t)
		want := readEarlierStore(t, "mongo")
		database := mongotest.Database(t)
		restoreDatabase(t, database, "testdata/earlier/mongo.jsonl.gz", time.Since(want.TakenAt))
		want.check(t, t.TempDir(), append(mongoSettings(mongotest.URI(t)), "MONGO_DATABASE="+database.Name()))
	})
}

func readEarlierStore(t *testing.T, engine string) *earlierStore {
	t.Helper()
	store := new(earlierStore)
	if err := json.Unmarshal([]byte(read(t, "testdata/earlier/"+engine+".json")), store); err != nil {
		t.Fatal(err)
	}
	return store
}

// check serves the store and compares responses with those of the earlier version.
func (e *earlierStore) check(t *testing.T, folder string, settings []string) {
	t.Helper()
	smtpServer := openMailServer(t, nil)
	p := serve(t, folder, slices.Concat(settings, smtpServer.settings(), []string{"QUERY_COST=false"})...)
	tokens := map[string]string{}
	for account, token := range e.RefreshTokens {
		tokens[account] = p.must("", `mutation($token: String!) { refresh(input: {refreshToken: $token}) { tokens { accessToken } } }`,
			variables{"token": token}).text("refresh.tokens.accessToken")
	}
	for _, operation := range e.Operations {
		want := withMilliseconds(operation.Answer)
		if a := p.must(tokens[operation.Account], operation.Query, nil); a.raw != want {
			t.Errorf("%s sends %s\nand gets %s\nwant %s", operation.Account, operation.Query, a.raw, want)
		}
	}
	e.checkChanges(t, p, tokens["asha"])
	checkUpgrade(t, p, tokens["asha"])
	e.checkMail(t, smtpServer)
	p.stop()
}

// checkUpgrade checks that tickets have the numbers and titles that the earlier version didn't give them.
func checkUpgrade(t *testing.T, p *process, token string) {
	t.Helper()
	a := p.must(token, `{ tickets(first: 100) { totalCount nodes { number title description } } }`, nil)
	numbers := map[any]bool{}
	for i := range int(a.at("tickets.totalCount").(float64)) {
		ticket := fmt.Sprintf("tickets.nodes.%d.", i)
		number, title := a.at(ticket+"number"), a.text(ticket+"title")
		if number == nil || numbers[number] || title == "" || !strings.HasPrefix(a.text(ticket+"description"), title) {
			t.Errorf("a ticket has number %v and title %q", number, title)
		}
		numbers[number] = true
	}
}

// checkMail waits for the mail about what happened before the store was restored. A new ticket that was deleted since is
// announced only if that message is on its way before the deletion is planned.
func (e *earlierStore) checkMail(t *testing.T, smtpServer *mailServer) {
	t.Helper()
	var want []string
	for _, message := range e.Mail {
		want = append(want, message.To+" "+message.Subject)
	}
	slices.Sort(want)
	var got []string
	eventually(t, "the mail arrives", func() bool {
		got = nil
		for _, message := range smtpServer.inbox() {
			if message.subject != "New ticket: Late: deleted" {
				got = append(got, message.to+" "+message.subject)
			}
		}
		return len(got) >= len(want)
	})
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the mail is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkChanges subscribes after a seq of the earlier version.
func (e *earlierStore) checkChanges(t *testing.T, p *process, token string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	stream, err := byEvents(ctx, p, token, e.After)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.close()
	for i, want := range e.Changes {
		got, err := stream.next()
		if err != nil {
			t.Fatalf("change %d of %d: %v", i+1, len(e.Changes), err)
		}
		if got != want {
			t.Errorf("change %d is %v, want %v", i+1, got, want)
		}
	}
}

func unpack(t *testing.T, path string) []byte {
	t.Helper()
	packed, err := gzip.NewReader(strings.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// restoreFile writes the data file to folder. It makes sessions, events and deliveries younger by age, because the server
// deletes old ones.
func restoreFile(t *testing.T, folder string, age time.Duration) {
	t.Helper()
	path := filepath.Join(folder, "crm.db")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, unpack(t, "testdata/earlier/sqlite.db.gz"), 0o600); err != nil {
		t.Fatal(err)
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE sessions SET expires_at = expires_at + ?`, `UPDATE events SET at = at + ?`,
		`UPDATE deliveries SET created_at = created_at + ?`,
	} {
		if err := sqlitex.Execute(conn, statement, &sqlitex.ExecOptions{Args: []any{age.Milliseconds()}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

// restoreDatabase is restoreFile for MongoDB. Each line of the dump is the name of a collection and a document.
func restoreDatabase(t *testing.T, database *driver.Database, path string, age time.Duration) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(unpack(t, path)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		var document bson.D
		if err := bson.UnmarshalExtJSON([]byte(text), true, &document); err != nil {
			t.Fatal(err)
		}
		rejuvenate(document, map[string]string{"sessions": "expires_at", "deliveries": "created_at"}[name], age)
		if _, err := database.Collection(name).InsertOne(t.Context(), document); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// rejuvenate adds age to the field of a document, and to the times of events in the log or in a document.
func rejuvenate(document bson.D, field string, age time.Duration) {
	for i, element := range document {
		switch value := element.Value.(type) {
		case bson.DateTime:
			if element.Key == field || element.Key == "at" {
				document[i].Value = value + bson.DateTime(age.Milliseconds())
			}
		case bson.A:
			for _, part := range value {
				if event, ok := part.(bson.D); ok {
					rejuvenate(event, field, age)
				}
			}
		}
	}
}

var writtenTime = regexp.MustCompile(`("\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,3})?Z"`)

// withMilliseconds gives the times in a response three digits of milliseconds; the earlier version wrote only as many as needed.
func withMilliseconds(response string) string {
	return writtenTime.ReplaceAllStringFunc(response, func(text string) string {
		parts := writtenTime.FindStringSubmatch(text)
		fraction := (strings.TrimPrefix(parts[2], ".") + "000")[:3]
		return parts[1] + "." + fraction + `Z"`
	})
}
