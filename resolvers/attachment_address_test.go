package resolvers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"crm/db"
)

// TestFileAddresses uses addresses that it changes, that have expired, that are somebody else's, or whose holder no longer sees the file.
func TestFileAddresses(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.attach("cleo", "leak", "shot", "replyToTicket")
		w.attach("uma", "leak", "plot", "addTicketNote")
		file := w.address("cleo", "shot")
		_, upload := s.announce(w.people["cleo"].token, "later", []byte("later"))
		other := w.address("uma", "plot")
		change := func(address, key, value string) string {
			parsed, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			query := parsed.Query()
			query.Set(key, value)
			parsed.RawQuery = query.Encode()
			return parsed.String()
		}
		onPath := func(address, path string) string {
			_, query, _ := strings.Cut(address, "?")
			return path + "?" + query
		}
		as := func(who string) string { return "Authorization: Bearer " + w.people[who].token }
		for name, test := range map[string]struct {
			method, address, header string
			want                    int
		}{
			"its own":                     {http.MethodGet, file, "", http.StatusOK},
			"with its viewer's token":     {http.MethodGet, file, as("cleo"), http.StatusOK},
			"with another viewer's token": {http.MethodGet, file, as("uma"), http.StatusForbidden},
			"with an admin's token":       {http.MethodGet, file, as("ada"), http.StatusForbidden},
			"for another":                 {http.MethodGet, change(file, "for", w.ids["cato"]), "", http.StatusForbidden},
			"for nobody":                  {http.MethodGet, change(file, "for", ""), "", http.StatusForbidden},
			"for longer":                  {http.MethodGet, change(file, "expires", "99999999999"), "", http.StatusForbidden},
			"another signature":           {http.MethodGet, change(file, "signature", "x"), "", http.StatusForbidden},
			"no signature":                {http.MethodGet, onPath("?", db.FilePath+w.ids["shot"]), "", http.StatusForbidden},
			"another file":                {http.MethodGet, onPath(file, db.FilePath+w.ids["plot"]), "", http.StatusForbidden},
			"another file's":              {http.MethodGet, onPath(other, db.FilePath+w.ids["shot"]), "", http.StatusForbidden},
			"its thumbnail":               {http.MethodGet, onPath(file, db.FilePath+w.ids["shot"]+db.ThumbnailPath), "", http.StatusForbidden},
			"an upload's":                 {http.MethodGet, onPath(upload, db.FilePath+w.ids["shot"]), "", http.StatusForbidden},
			"for sending":                 {http.MethodPut, onPath(file, db.UploadPath+w.ids["shot"]), "", http.StatusForbidden},
			"another's upload":            {http.MethodPut, upload, as("uma"), http.StatusForbidden},
			"another method":              {http.MethodPost, upload, "", http.StatusMethodNotAllowed},
		} {
			if got := s.fetch(test.method, test.address, test.header, strings.NewReader("later")); got.StatusCode != test.want {
				t.Errorf("%s: got %d %s, want %d", name, got.StatusCode, got.body, test.want)
			}
		}
		if status, body := s.put(upload, []byte("later")); status != http.StatusNoContent {
			t.Errorf("the upload is answered with %d %s", status, body)
		}
		if status, body := s.put(upload, []byte("later")); status != http.StatusConflict {
			t.Errorf("the upload again is answered with %d %s", status, body)
		}
		w.setInternal("plan", true)
		if got := s.fetch(http.MethodGet, file, "", nil); got.StatusCode != http.StatusNotFound {
			t.Errorf("a hidden file is answered with %d", got.StatusCode)
		}
		w.setInternal("plan", false)
		now := time.Now
		s.db.Links.Now = func() time.Time { return now().Add(16 * time.Minute) }
		if got := s.fetch(http.MethodGet, file, "", nil); got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "expired") {
			t.Errorf("an old address is answered with %d %s", got.StatusCode, got.body)
		}
	})
}

// TestRefusedUploads announces and sends files that are refused.
func TestRefusedUploads(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		cleo := s.signUpCustomer("Cleo").token
		for _, test := range []struct {
			in   variables
			path string
		}{
			{variables{"size": -1}, "input.size"}, {variables{"size": 25<<20 + 1}, "input.size"}, {variables{"sha256": "abc"}, "input.sha256"},
			{variables{"sha256": strings.Repeat("g", 64)}, "input.sha256"},
		} {
			in := variables{"fileName": "a", "size": 1}
			for key, value := range test.in {
				in[key] = value
			}
			if problem := s.refused(cleo, createUpload, variables{"in": in}, bad); problem.Extensions.Fields[0].Path != test.path {
				t.Errorf("%v is refused at %v", in, problem.Extensions.Fields)
			}
		}
		for name, content := range map[string]string{"shorter": "hell", "longer": "hello!", "other": "jello"} {
			id, address := s.announce(cleo, "hello.txt", []byte("hello"))
			if status, body := s.put(address, []byte(content)); status != http.StatusUnprocessableEntity {
				t.Errorf("a %s content is answered with %d %s", name, status, body)
			}
			s.refused(cleo, `mutation($in: CreateTicketInput!) { createTicket(input: $in) { ticket { id } } }`,
				variables{"in": variables{"description": "x", "attachments": []string{id}}}, bad)
			if status, body := s.put(address, []byte("hello")); status != http.StatusNoContent { // another try may succeed
				t.Errorf("after a %s content, the right one is answered with %d %s", name, status, body)
			}
		}
		// Of many who send the same at once, one succeeds.
		_, address := s.announce(cleo, "hello.txt", []byte("hello"))
		var running sync.WaitGroup
		statuses := make([]int, 6)
		for i := range statuses {
			running.Go(func() { statuses[i], _ = s.put(address, []byte("hello")) })
		}
		running.Wait()
		if got := strings.Count(fmt.Sprint(statuses), "204"); got != 1 {
			t.Errorf("the content, sent at once, is answered with %v", statuses)
		}
		for range 96 {
			s.announce(cleo, "more", nil)
		}
		s.refused(cleo, createUpload, variables{"in": variables{"fileName": "too many", "size": 1}}, "RATE_LIMITED")
	})
}

// TestFilesOfUnverified checks that a customer whose address isn't verified neither announces a file nor gets one, be it with an address
// from before.
func TestFilesOfUnverified(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		cleo := s.addCustomer(ada, "cleo@example.org")
		s.refused(cleo.token, createUpload, variables{"in": variables{"fileName": "a", "size": 1}}, deny)
		s.verify(cleo)
		id := s.upload(cleo.token, "a.txt", []byte("a letter"))
		created := s.must(cleo.token, `mutation($in: CreateTicketInput!) { createTicket(input: $in) { ticket { attachments { nodes { url } } } } }`,
			variables{"in": variables{"description": "x", "attachments": []string{id}}})
		address := created.text("createTicket.ticket.attachments.nodes.0.url")
		if got := s.fetch(http.MethodGet, address, "", nil); got.StatusCode != http.StatusOK || got.body != "a letter" {
			t.Errorf("the file is answered with %d %s", got.StatusCode, got.body)
		}
		s.must(ada.token, `mutation($id: ID!) { updateCustomer(input: {id: $id, email: "new@example.org"}) { customer { id } } }`, variables{"id": cleo.id})
		if got := s.fetch(http.MethodGet, address, "", nil); got.StatusCode != http.StatusNotFound {
			t.Errorf("after the address has changed, the file is answered with %d %s", got.StatusCode, got.body)
		}
	})
}
