package e2e_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const attached = `{ tickets(where: {attachments: {some: {}}}) { nodes { attachments { nodes { fileName contentType size sha256 url } } } } }`

// attach raises a ticket on an interaction with a file.
func (p *process) attach(token, interaction, name, content string) {
	p.t.Helper()
	upload := p.must(token, `mutation($name: String!, $size: Int!) { createUpload(input: {fileName: $name, size: $size}) { uploadId url } }`,
		variables{"name": name, "size": len(content)})
	if status, body := p.transfer(http.MethodPut, upload.text("createUpload.url"), strings.NewReader(content)); status != http.StatusNoContent {
		p.t.Fatalf("the file is answered with %d %s", status, body)
	}
	p.must(token, `mutation($id: ID!, $files: [ID!]) { createTicket(input: {interactionId: $id, description: "see there", attachments: $files}) { ticket { id } } }`,
		variables{"id": interaction, "files": []string{upload.text("createUpload.uploadId")}})
}

// transfer sends a request to the address of a file.
func (p *process) transfer(method, address string, body io.Reader) (status int, answer string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+address, body)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// wantAttached checks that a ticket's file is what it was.
func (p *process) wantAttached(token, content string) {
	p.t.Helper()
	a := p.must(token, attached, nil)
	status, got := p.transfer(http.MethodGet, a.text("tickets.nodes.0.attachments.nodes.0.url"), nil)
	if status != http.StatusOK || got != content {
		p.t.Errorf("the file is answered with %d and %d bytes, not %d", status, len(got), len(content))
	}
}

// TestMissingFiles removes a file behind the server's back, and adds another: crm check finds both.
func TestMissingFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	p := serve(t, folder)
	token, customer := populate(p)
	meeting := p.must(token, createInteraction, variables{"customer": customer, "title": "Demo"}).text("createInteraction.interaction.id")
	p.attach(token, meeting, "a.txt", "content")
	ends(t, folder, nil, 0, "check")
	kept, err := filepath.Glob(filepath.Join(folder, "data", "files", "*", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("the files are %v, %v", kept, err)
	}
	stranger := filepath.Join(filepath.Dir(kept[0]), strings.Repeat("0", 24))
	if err := os.Rename(kept[0], stranger); err != nil {
		t.Fatal(err)
	}
	out, _ := ends(t, folder, nil, 1, "check")
	for _, flaw := range []string{"attachment att_" + filepath.Base(kept[0]) + ": its file is missing", "file " + filepath.Base(stranger) + " belongs to no attachment"} {
		if !strings.Contains(out, flaw) {
			t.Errorf("the check says %s, not %q", out, flaw)
		}
	}
}
