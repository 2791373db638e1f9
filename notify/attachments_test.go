package notify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
	"crm/files"
	"crm/notify/mail/mailtest"
)

// TestFilesByMail replies with small and with large files: the small ones are in the mail, the large ones are named.
func TestFilesByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.db = db.New(w.store, nil, db.Options{Files: files.NewFolder(t.TempDir())})
	server := mailtest.NewServer(t)
	w.insert(db.Interactions.Collection, w.interaction)
	w.insert(db.Tickets.Collection, w.ticket)
	reply := func(text string, names []string, size int) {
		t.Helper()
		ids := make([]store.ID, len(names))
		for i, name := range names {
			var err error
			content := bytes.Repeat([]byte(name[:1]), size)
			if ids[i], err = w.db.StoreUpload(t.Context(), w.as(w.bob), db.NewUpload{FileName: name, Size: size}, bytes.NewReader(content)); err != nil {
				t.Fatal(err)
			}
		}
		message, _, err := w.db.ReplyToTicket(t.Context(), w.as(w.bob), w.ticket.ID, db.NewReply{BodyText: text, Attachments: ids})
		if err != nil {
			t.Fatal(err)
		}
		w.insert(db.Attachments.Collection, &db.Attachment{ // the mail as it came, if bob wrote it by mail
			ID: store.NewID(), TicketID: w.ticket.ID, MessageID: &message.ID, CustomerID: w.carl.ID, Visibility: db.MessageInternal,
			FileName: "source.eml", Scan: db.FileClean, Version: 1,
		})
	}
	small := []string{"a letter.txt", "réponse “finale”.txt"}
	reply("small", small, 1_000)
	reply("large", []string{"b.bin", "c.bin"}, db.MaxMailedBytes/2+1)
	start(t, w.db, newMailer(t, server))
	w.settled(2)
	for _, m := range server.Inbox() {
		text, attached := contentOf(t, m.Raw)
		text, _, _ = strings.Cut(text, "\n\nOn ") // what it quotes
		switch {
		case strings.Contains(text, "small"):
			want := []string{small[0] + "=" + strings.Repeat("a", 1_000), small[1] + "=" + strings.Repeat("r", 1_000)}
			if !slices.Equal(attached, want) || !strings.Contains(text, "Files: a letter.txt, réponse “finale”.txt") {
				t.Errorf("the mail has %.200q and the text %s", attached, text)
			}
		case strings.Contains(text, "large"):
			if len(attached) > 0 || !strings.Contains(text, "Files: b.bin, c.bin (not in this mail, but with the ticket)") {
				t.Errorf("the mail has %.200q and the text %s", attached, text)
			}
		default:
			t.Errorf("there is mail with %s", text)
		}
	}
}

// contentOf returns the text of a message, and its files as name=content.
func contentOf(t *testing.T, raw []byte) (text string, attached []string) {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind == "multipart/alternative" {
		return mailtest.Parse(t, raw).Text, nil
	}
	for reader := multipart.NewReader(message.Body, parameters["boundary"]); ; {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return text, attached
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, inner, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		if kind == "multipart/alternative" {
			first, err := multipart.NewReader(part, inner["boundary"]).NextPart()
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(first)
			if err != nil {
				t.Fatal(err)
			}
			text = strings.ReplaceAll(string(content), "\r\n", "\n")
			continue
		}
		content, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil {
			t.Fatal(err)
		}
		attached = append(attached, part.FileName()+"="+string(content))
	}
}
