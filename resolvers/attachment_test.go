package resolvers_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// photo is a file of leak, sketch one that customers don't see.
var _ = inMatrix(
	func(w *world) {
		w.insertAttachment("photo", db.MessagePublic)
		w.insertAttachment("sketch", db.MessageInternal)
	},
	[]row{
		{"node", given("id", "photo"), [6]string{anon, "photo", hide, "photo", hide, "photo"}},
		{"node", given("id", "sketch"), [6]string{anon, hide, hide, "sketch", hide, "sketch"}},
	},
	nil,
	[]row{
		{"createUpload", input(noInput).with("fileName", "a.txt", "size", 1), [6]string{anon, okay, okay, okay, okay, okay}},
	},
)

// The differential tests read some attachments.
var _ = alsoSeeded(seed{
	kind: db.KindAttachment, some: 30,
	insert: func(s *seeder, i int) {
		ticket := i * i % someTickets
		attachment := fields{
			"_id": seededID(db.KindAttachment, i), "ticket_id": seededID(db.KindTicket, ticket),
			"customer_id":          seededID(db.KindCustomer, (ticket*ticket%someInteractions)%(someCustomers-3)),
			"interaction_user_id":  seededID(db.KindUser, i%(someUsers+1)),
			"interaction_internal": i%7 == 3, "visibility": []string{"public", "internal", "public"}[i%3],
			"file_name": textAt(i), "content_type": "text/plain", "content_id": "", "size": i * 1000, "sha256": "ab", "thumbnail": i%2 == 0,
			"scan":       []string{"clean", "clean", "quarantined", "infected"}[i%4],
			"created_at": momentAt(i / 2), "updated_at": momentAt(i), "version": 1,
		}
		if i%4 != 0 {
			attachment["message_id"] = seededID(db.KindTicketMessage, i)
		}
		s.insert(db.Attachments.Collection, attachment)
	},
})

// insertAttachment inserts a file of leak.
func (w *world) insertAttachment(name string, visibility db.MessageVisibility) {
	w.s.t.Helper()
	now, uma := time.Now().UTC().Truncate(time.Millisecond), idOf(w.s.t, w.ids["uma"])
	attachment := &db.Attachment{
		ID: store.NewID(), TicketID: idOf(w.s.t, w.ids["leak"]), CustomerID: idOf(w.s.t, w.ids["cleo"]), InteractionUserID: &uma,
		Visibility: visibility, FileName: name, ContentType: "text/plain", Scan: db.FileClean, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	w.s.insert(db.Attachments.Collection, attachment)
	w.ids[name] = attachment.GlobalID()
}

const createUpload = `mutation($in: CreateUploadInput!) { createUpload(input: $in) { uploadId url expiresAt } }`

// announce announces a file.
func (s *server) announce(token, name string, content []byte) (id, url string) {
	s.t.Helper()
	digest := sha256.Sum256(content)
	a := s.must(token, createUpload, variables{"in": variables{
		"fileName": name, "size": len(content), "sha256": hex.EncodeToString(digest[:])}})
	return a.text("createUpload.uploadId"), a.text("createUpload.url")
}

// upload announces a file and sends its content.
func (s *server) upload(token, name string, content []byte) string {
	s.t.Helper()
	id, address := s.announce(token, name, content)
	if status, body := s.put(address, content); status != http.StatusNoContent {
		s.t.Fatalf("sending %s is answered with %d %s", name, status, body)
	}
	return id
}

func (s *server) put(address string, content []byte) (status int, body string) {
	s.t.Helper()
	answered := s.fetch(http.MethodPut, address, "", bytes.NewReader(content))
	return answered.StatusCode, answered.body
}

// fetched is an answer that isn't GraphQL.
type fetched struct {
	*http.Response
	body string
}

// fetch sends a request to an address of a file; header has lines like "Range: bytes=0-1".
func (s *server) fetch(method, address, header string, body io.Reader) fetched {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+address, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if name, value, ok := strings.Cut(header, ": "); ok {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return fetched{response, string(content)}
}

// attach writes a message or note on a ticket with a file whose name and content are its name in the world.
func (w *world) attach(by, ticket, name, mutation string) answer {
	w.s.t.Helper()
	id := w.s.upload(w.people[by].token, name+".txt", []byte(name))
	w.ids[name] = id
	inputType := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input"
	return w.s.must(w.people[by].token, fmt.Sprintf(`mutation($in: %s!) { %s(input: $in) { message { id attachments { nodes { id } totalCount } } } }`, inputType, mutation),
		variables{"in": variables{"ticketId": w.ids[ticket], "body": "with " + name, "attachments": []string{id}}})
}

// address returns the address of an attachment for somebody.
func (w *world) address(viewer, name string) string {
	w.s.t.Helper()
	return w.s.must(w.people[viewer].token, `query($id: ID!) { node(id: $id) { ... on Attachment { url } } }`, variables{"id": w.ids[name]}).text("node.url")
}

// TestAttachments follows a file from its announcement to its deletion.
func TestAttachments(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		cleo := w.people["cleo"].token
		report := bytes.Repeat([]byte("%PDF-1.7\n% a report\n"), 20_000) // of several chunks
		first, second := s.upload(cleo, "../Q3 réport.pdf", report), s.upload(cleo, "empty", nil)
		a := s.must(cleo, `mutation($in: CreateTicketInput!) { createTicket(input: $in) { ticket { id
			attachments { totalCount nodes { id fileName contentType size sha256 thumbnailUrl url message { id } ticket { title } } } } } }`,
			variables{"in": variables{"description": "see there", "attachments": []string{first, second}}})
		w.ids["there"], w.ids["report"] = a.text("createTicket.ticket.id"), first
		digest := sha256.Sum256(report)
		const at = "createTicket.ticket.attachments.nodes.0."
		for path, want := range map[string]any{
			at + "id": first, at + "fileName": "Q3 réport.pdf", at + "contentType": "application/pdf", at + "size": float64(len(report)),
			at + "sha256": hex.EncodeToString(digest[:]), at + "thumbnailUrl": nil, at + "message": nil, at + "ticket.title": "see there",
			"createTicket.ticket.attachments.totalCount": 2.0, "createTicket.ticket.attachments.nodes.1.contentType": "application/octet-stream",
		} {
			if got := a.at(path); got != want {
				t.Errorf("%s is %v, want %v", path, got, want)
			}
		}
		got := s.fetch(http.MethodGet, a.text(at+"url"), "", nil)
		if got.StatusCode != http.StatusOK || got.body != string(report) {
			t.Errorf("the content is answered with %d and %d bytes", got.StatusCode, len(got.body))
		}
		for name, want := range map[string]string{
			"Content-Disposition": `attachment; filename="Q3 r_port.pdf"; filename*=UTF-8''Q3%20r%C3%A9port.pdf`, "Content-Type": "application/pdf",
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox", "Accept-Ranges": "bytes",
			"ETag": `"` + hex.EncodeToString(digest[:]) + `"`, "Referrer-Policy": "no-referrer",
		} {
			if found := got.Header.Get(name); found != want {
				t.Errorf("%s is %q, want %q", name, found, want)
			}
		}
		if part := s.fetch(http.MethodGet, a.text(at+"url"), "Range: bytes=261118-261123", nil); part.StatusCode != http.StatusPartialContent || part.body != string(report[261118:261124]) {
			t.Errorf("a part is answered with %d %q", part.StatusCode, part.body)
		}
		if same := s.fetch(http.MethodGet, a.text(at+"url"), "If-None-Match: "+got.Header.Get("ETag"), nil); same.StatusCode != http.StatusNotModified {
			t.Errorf("an unchanged content is answered with %d", same.StatusCode)
		}
		if head := s.fetch(http.MethodHead, a.text(at+"url"), "", nil); head.StatusCode != http.StatusOK || head.ContentLength != int64(len(report)) {
			t.Errorf("HEAD is answered with %d and the length %d", head.StatusCode, head.ContentLength)
		}
		// An upload is used once, and by its own account.
		for _, test := range []struct{ by, upload string }{{"cleo", first}, {"uma", s.upload(cleo, "hers", nil)}, {"cleo", db.KindAttachment.GlobalID(store.NewID())}} {
			refused := s.refused(w.people[test.by].token, `mutation($in: ReplyToTicketInput!) { replyToTicket(input: $in) { message { id } } }`,
				variables{"in": variables{"ticketId": w.ids["leak"], "body": "x", "attachments": []string{test.upload}}}, bad)
			if refused.Extensions.Fields[0].Path != "input.attachments.0" {
				t.Errorf("the problem is at %v", refused.Extensions.Fields)
			}
		}
		// Deletion removes the files, a while later.
		address := w.address("cleo", "report")
		s.must(cleo, worldMutation(w, `deleteTicket(input: {id: $there}) { deletedId }`), w.variables())
		if gone := s.fetch(http.MethodGet, address, "", nil); gone.StatusCode != http.StatusNotFound {
			t.Errorf("the file of a deleted ticket is answered with %d", gone.StatusCode)
		}
	})
}

// TestFilesOfNotes asks for a file of a note in every way, as the customer of its ticket and as the staff.
func TestFilesOfNotes(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		w.attach("cleo", "leak", "shot", "replyToTicket")
		w.attach("uma", "leak", "plot", "addTicketNote")
		s.settle()
		added := map[string]*listener{}
		for _, who := range []string{"cleo", "uma"} {
			added[who] = s.subscribe(w.people[who], `subscription { ticketMessageAdded { messageId message {
				attachments { nodes { id url } totalCount } ticket { attachments { nodes { id } } } } } }`, nil)
		}
		w.attach("ada", "leak", "draft", "addTicketNote")
		w.attach("ada", "leak", "final", "replyToTicket")
		for _, test := range []struct{ selection, cleo, uma string }{
			{`ticket(id: $leak) { attachments { nodes { id } edges { node { id } } totalCount } }`, "final photo shot", "draft final photo plot shot sketch"},
			{`ticket(id: $leak) { messages { nodes { attachments { nodes { id } totalCount } } } }`, "final shot", "draft final plot shot"},
			{`nodes(ids: [$shot, $plot, $draft, $final]) { id }`, "final shot", "draft final plot shot"},
			{`ticket(id: $leak) { attachments(where: {id: {in: [$draft, $plot]}}) { nodes { id } totalCount } }`, "", "draft plot"},
			{`ticket(id: $leak) { attachments(where: {messageId: {isNull: true}}) { nodes { id } totalCount } }`, "photo", "photo sketch"},
			{`ticket(id: $leak) { attachments(last: 1) { nodes { id } } }`, "final", "final"},
			{`tickets(where: {attachments: {some: {id: {eq: $draft}}}}) { nodes { id } totalCount }`, "", "leak"},
			{`tickets(where: {attachments: {none: {id: {in: [$draft, $plot]}}}, id: {eq: $leak}}) { nodes { id } totalCount }`, "leak", ""},
			{`tickets(where: {messages: {some: {attachments: {some: {id: {eq: $plot}}}}}}) { nodes { id } totalCount }`, "", "leak"},
		} {
			for viewer, want := range map[string]string{"cleo": test.cleo, "uma": test.uma} {
				a := s.must(w.people[viewer].token, worldQuery(w, test.selection), w.variables())
				if got := w.namesIn(a.Data); got != want {
					t.Errorf("%s sees %q by %s, want %q", viewer, got, test.selection, want)
				}
				checkCounts(t, test.selection, a.Data)
				if viewer == "cleo" && (strings.Contains(a.raw, w.ids["draft"]) || strings.Contains(a.raw, w.ids["plot"])) {
					t.Errorf("cleo gets %s", a.raw)
				}
			}
		}
		if a := added["cleo"].next(); a.text("ticketMessageAdded.message.attachments.nodes.0.id") != w.ids["final"] ||
			len(a.at("ticketMessageAdded.message.ticket.attachments.nodes").([]any)) != 3 {
			t.Errorf("cleo first gets %s", a.raw)
		}
		if a := added["uma"].next(); a.text("ticketMessageAdded.message.attachments.nodes.0.id") != w.ids["draft"] {
			t.Errorf("uma first gets %s", a.raw)
		}
		// An address is of use only to those who see the file now.
		address := w.address("uma", "plot")
		forCustomer := strings.Replace(address, url.QueryEscape(w.ids["uma"]), url.QueryEscape(w.ids["cleo"]), 1)
		if forged := s.fetch(http.MethodGet, forCustomer, "", nil); forCustomer == address || forged.StatusCode != http.StatusForbidden {
			t.Errorf("the address of a note's file, made one for the customer, is answered with %d", forged.StatusCode)
		}
		w.setInternal("plan", true)
		if hidden := s.fetch(http.MethodGet, w.address("uma", "shot"), "", nil); hidden.StatusCode != http.StatusOK {
			t.Errorf("the staff's address is answered with %d", hidden.StatusCode)
		}
	})
}
