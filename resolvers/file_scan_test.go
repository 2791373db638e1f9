package resolvers_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"crm/db"
)

// watchman is a scanner that takes contents with "virus" for infected, and may be asleep.
type watchman struct {
	mutex  sync.Mutex
	asleep bool
}

func (w *watchman) sleep(asleep bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.asleep = asleep
}

func (w *watchman) Scan(_ context.Context, content io.Reader) (string, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.asleep {
		return "", errors.New("the scanner is asleep")
	}
	all, err := io.ReadAll(content)
	if bytes.Contains(all, []byte("virus")) {
		return "Test.Virus", err
	}
	return "", err
}

// TestQuarantine sends files to a server with a virus scanner, which can't always be asked.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	test := func(t *testing.T, s *server, scanner *watchman) {
		w := s.newWorld()
		cleo := w.people["cleo"].token
		_, address := s.announce(cleo, "a.txt", []byte("a virus"))
		if status, body := s.put(address, []byte("a virus")); status != http.StatusUnprocessableEntity || !strings.Contains(body, "Test.Virus") {
			t.Errorf("an infected file is answered with %d %s", status, body)
		}
		scanner.sleep(true)
		var photograph bytes.Buffer
		if err := png.Encode(&photograph, image.NewGray(image.Rect(0, 0, 600, 300))); err != nil {
			t.Fatal(err)
		}
		ids := []string{
			s.upload(cleo, "later.txt", []byte("a letter")), s.upload(cleo, "bad.txt", []byte("another virus")), s.upload(cleo, "photo.png", photograph.Bytes()),
		}
		unused := s.upload(cleo, "unused.txt", []byte("one more virus"))
		a := s.must(cleo, `mutation($in: CreateTicketInput!) { createTicket(input: $in) { ticket { id } } }`,
			variables{"in": variables{"description": "x", "attachments": ids}})
		want := func(want string) answer {
			t.Helper()
			got := s.must(cleo, `query($id: ID!) { ticket(id: $id) { attachments { nodes { scan url thumbnailUrl } } } }`, variables{"id": a.text("createTicket.ticket.id")})
			var states []string
			for _, node := range got.at("ticket.attachments.nodes").([]any) {
				node := node.(map[string]any)
				state := node["scan"].(string)
				for _, field := range []string{"url", "thumbnailUrl"} {
					if node[field] != nil {
						state += " " + field
					}
				}
				states = append(states, state)
			}
			if all := strings.Join(states, ", "); all != want {
				t.Errorf("the files are %s, want %s", all, want)
			}
			return got
		}
		want("QUARANTINED, QUARANTINED, QUARANTINED")
		if err := s.db.RescanFiles(t.Context()); err != nil {
			t.Error(err)
		}
		want("QUARANTINED, QUARANTINED, QUARANTINED")
		scanner.sleep(false)
		if err := s.db.RescanFiles(t.Context()); err != nil {
			t.Error(err)
		}
		got := want("CLEAN url, INFECTED, CLEAN url thumbnailUrl")
		if file := s.fetch(http.MethodGet, got.text("ticket.attachments.nodes.0.url"), "", nil); file.body != "a letter" {
			t.Errorf("the scanned file is answered with %d %s", file.StatusCode, file.body)
		}
		small := s.fetch(http.MethodGet, got.text("ticket.attachments.nodes.2.thumbnailUrl"), "", nil)
		if config, err := jpeg.DecodeConfig(strings.NewReader(small.body)); err != nil || config.Width != 256 || small.Header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("the thumbnail has %v, %v", config, err)
		}
		s.refused(cleo, `mutation($in: CreateTicketInput!) { createTicket(input: $in) { ticket { id } } }`,
			variables{"in": variables{"description": "x", "attachments": []string{unused}}}, bad)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		scanner := &watchman{}
		test(t, serve(t, openSQLite(t), db.Options{Scanner: scanner}), scanner)
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		scanner := &watchman{}
		test(t, serve(t, openMongo(t), db.Options{Scanner: scanner}), scanner)
	})
}
