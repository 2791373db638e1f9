package inbound_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/inbound/message"
)

// TestLargeMail checks that a mail that is too large is refused and recorded, once, however often it is sent and through whichever door.
func TestLargeMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	const secret = "a secret of sixteen"
	server := httptest.NewServer(w.service.Handler(secret))
	t.Cleanup(server.Close)
	raw := mail{fromCleo, "Subject: A film", "", strings.Repeat(strings.Repeat("x", 1000)+"\r\n", message.MaxBytes/1000)}
	for range 2 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, bytes.NewReader(raw.raw()))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("any", secret)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("HTTP answers %d", response.StatusCode)
		}
	}
	client := w.connect(false)
	if err := client.Mail("cleo@customer.example", nil); err != nil {
		t.Fatal(err)
	}
	if err := client.Rcpt("reply@crm.example", nil); err != nil {
		t.Fatal(err)
	}
	if err := data(client, raw); err == nil || !strings.Contains(err.Error(), "552") {
		t.Errorf("SMTP answers %v", err)
	}
	mails, err := w.db.ReceivedMails.List(t.Context(), auth.SystemScope(), store.Filter{})
	if err != nil || len(mails) != 1 {
		t.Fatalf("there are %d mails, error %v", len(mails), err)
	}
	if m := mails[0]; m.Outcome != db.MailRejected || m.Reason != "it is too large" || m.Subject != "A film" || m.FromEmail != w.cleo.Email {
		t.Errorf("the mail is %+v", m)
	}
}
