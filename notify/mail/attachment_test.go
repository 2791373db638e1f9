package mail

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"

	"crm/notify/mail/mailtest"
)

// TestFileNames sends files with all kinds of names, and reads these back from both places where they are.
func TestFileNames(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	message := newMessage()
	names := []string{
		"a.txt", "a letter; second, and last.txt", `"a" \b.txt`, "réponse “finale”.txt", "=?utf-8?q?x?=.txt", "50%.txt", strings.Repeat("x", 56) + ".txt",
		strings.Repeat("long ", 40) + ".pdf", strings.Repeat("ü", 120) + ".docx", strings.Repeat("日本", 40) + ".pdf", strings.Repeat("👋🏽", 30), "x." + strings.Repeat("y", 90),
	}
	for _, name := range names {
		message.Files = append(message.Files, File{Name: name, ContentType: "text/plain", Content: []byte(name)})
	}
	if err := newMailer(t, server).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	raw := server.Inbox()[0].Raw
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > lineLimit {
			t.Errorf("the line %q has %d characters", line, len(line))
		}
	}
	ids := map[string]bool{}
	for i, part := range parts(t, raw)[1:] {
		ids[part.Header.Get("Content-ID")] = true
		if got := part.FileName(); got != names[i] {
			t.Errorf("the file %q is called %q", names[i], got)
		}
		kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || kind != "text/plain" {
			t.Errorf("the file %q has type %q, %v", names[i], kind, err)
		}
		short, err := new(mime.WordDecoder).DecodeHeader(parameters["name"])
		if err != nil || short != shortName(names[i]) {
			t.Errorf("in its type, the file %q is called %q, %v", names[i], short, err)
		}
	}
	if len(ids) != len(names) || ids["<>"] {
		t.Errorf("the ids are %v", ids)
	}
	for name, want := range map[string]string{
		"a.txt": "a.txt", strings.Repeat("x", 61) + ".pdf": strings.Repeat("x", 56) + ".pdf", "x." + strings.Repeat("y", 90): "x." + strings.Repeat("y", 58),
	} {
		if got := shortName(name); got != want {
			t.Errorf("%q is shortened to %q", name, got)
		}
	}
}

// TestFileTypes sends files of types that would make them parts of the message, and one of a type that is none.
func TestFileTypes(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	message := newMessage()
	types := []string{"multipart/mixed", "message/rfc822", "Message/External-Body", "text", "", "a/b\r\nc: d", "image/png"}
	for _, kind := range types {
		message.Files = append(message.Files, File{Name: "a", ContentType: kind, Content: []byte("--b\r\n\r\ntext\r\n--b--\r\n")})
	}
	if err := newMailer(t, server).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	found := parts(t, server.Inbox()[0].Raw)[1:]
	for i, kind := range types {
		want := "application/octet-stream"
		if kind == "image/png" {
			want = kind
		}
		if got, _, err := mime.ParseMediaType(found[i].Header.Get("Content-Type")); err != nil || got != want {
			t.Errorf("a file of type %q is sent as %q, %v", kind, got, err)
		}
	}
}

// parts returns the parts of a message, without their contents.
func parts(t *testing.T, raw []byte) []*multipart.Part {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	reader := multipart.NewReader(message.Body, parameters["boundary"])
	var all []*multipart.Part
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, part)
	}
}
