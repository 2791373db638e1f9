package inbound_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"crm/db"
	"crm/inbound"
	"crm/inbound/message"
)

const secret = "a secret of the operator's"

// TestHTTPDoor checks what may be posted, by whom, and what the answer is.
func TestHTTPDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	w.config.Unknown = db.RejectUnknown
	w.service = inbound.New(w.db, w.config, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(w.service.Handler(secret))
	t.Cleanup(server.Close)
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
	form := func(field, raw string) (kind, body string) {
		return "application/x-www-form-urlencoded", url.Values{field: {raw}, "recipient": {"reply@crm.example"}}.Encode()
	}
	parts := func(raw string) (kind, body string) {
		var buffer bytes.Buffer
		writer := multipart.NewWriter(&buffer)
		_ = writer.WriteField("email", raw)
		_ = writer.Close()
		return writer.FormDataContentType(), buffer.String()
	}
	object := func(value any) (kind, body string) {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return "application/json", string(text)
	}
	notification := func(content, encoding string) (kind, body string) {
		_, inner := object(map[string]any{"content": content, "receipt": map[string]any{"action": map[string]any{"encoding": encoding}, "recipients": []string{"reply@crm.example"}}})
		_, outer := object(map[string]any{"Type": "Notification", "Message": inner})
		return "text/plain; charset=UTF-8", outer
	}
	raw := func(subject string) string { return string(mail{fromCleo, "Subject: " + subject, "", "Hello"}.raw()) }
	for _, test := range []struct {
		what   string
		as     func(r *http.Request)
		write  func() (kind, body string)
		status int
	}{
		{"as it is", bearer, func() (string, string) { return "message/rfc822", raw("as it is") }, http.StatusOK},
		{"without a type", bearer, func() (string, string) { return "", raw("without a type") }, http.StatusOK},
		{"with a password", func(r *http.Request) { r.SetBasicAuth("any", secret) }, func() (string, string) { return "message/rfc822", raw("with a password") }, http.StatusOK},
		{"Mailgun", bearer, func() (string, string) { return form("body-mime", raw("Mailgun")) }, http.StatusOK},
		{"SendGrid", bearer, func() (string, string) { return parts(raw("SendGrid")) }, http.StatusOK},
		{"Postmark", bearer, func() (string, string) { return object(map[string]any{"RawEmail": raw("Postmark"), "From": "x"}) }, http.StatusOK},
		{"SES", bearer, func() (string, string) { return notification(raw("SES"), "UTF-8") }, http.StatusOK},
		{"SES in Base64", bearer, func() (string, string) {
			return notification(base64.StdEncoding.EncodeToString([]byte(raw("SES in Base64"))), "BASE64")
		}, http.StatusOK},
		{"stranger", bearer, func() (string, string) { return "message/rfc822", string(mail{fromStranger, "", "Hello"}.raw()) }, http.StatusOK},
		{"nothing", bearer, func() (string, string) { return "message/rfc822", "" }, http.StatusBadRequest},
		{"a form without a mail", bearer, func() (string, string) { return form("body-plain", "Hello") }, http.StatusBadRequest},
		{"no JSON", bearer, func() (string, string) { return "application/json", "Hello" }, http.StatusBadRequest},
		{"too large in a form", bearer, func() (string, string) {
			return "application/x-www-form-urlencoded", "body-mime=" + strings.Repeat("x", message.MaxBytes*3/2)
		}, http.StatusRequestEntityTooLarge},
		{"too large in JSON", bearer, func() (string, string) {
			return "application/json", `{"RawEmail":"` + strings.Repeat("x", message.MaxBytes*3/2)
		}, http.StatusRequestEntityTooLarge},
		{"too large", bearer, func() (string, string) { return "message/rfc822", strings.Repeat("x", message.MaxBytes+1) }, http.StatusRequestEntityTooLarge},
		{"no secret", func(*http.Request) {}, func() (string, string) { return "message/rfc822", raw("no secret") }, http.StatusUnauthorized},
		{"a wrong secret", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret+"x") }, func() (string, string) { return "message/rfc822", raw("wrong") }, http.StatusUnauthorized},
	} {
		kind, body := test.write()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		test.as(request)
		if kind != "" {
			request.Header.Set("Content-Type", kind)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", test.what, response.StatusCode, test.status)
		}
		if test.status == http.StatusOK && test.what != "stranger" {
			if received := w.received([]byte(raw(test.what))); received.Outcome != db.MailRaised {
				t.Errorf("%s: the mail is %s", test.what, received.Outcome)
			}
		}
	}
	if n := w.tickets(); n != 9 {
		t.Errorf("there are %d tickets, want 9", n)
	}
}

// TestSMTPDoor checks which mail is accepted by SMTP, and what the server answers.
func TestSMTPDoor(t *testing.T) {
	t.Parallel()
	for _, lmtp := range []bool{false, true} {
		w := newWorld(t).people()
		w.config.Unknown, w.config.Sender = db.RejectUnknown, "CRM <crm@crm.example>"
		w.service = inbound.New(w.db, w.config, slog.New(slog.DiscardHandler))
		client := w.connect(lmtp)
		send := func(to string, m mail) (code int) {
			err := client.Mail("bounce@customer.example", nil)
			if err == nil {
				err = client.Rcpt(to, nil)
			}
			if err == nil {
				err = data(client, m)
			}
			var reply *smtp.SMTPError
			switch {
			case errors.As(err, &reply):
				_ = client.Reset()
				return reply.Code
			case err != nil:
				t.Fatal(err)
			}
			return 250
		}
		for _, test := range []struct {
			to   string
			from string
			code int
		}{
			{"reply@crm.example", fromCleo, 250}, {"Reply+anything@crm.example", fromCleo, 250}, {"reply@crm.example", fromStranger, 550},
			{"crm@crm.example", fromCleo, 250}, {"other@crm.example", fromCleo, 550}, {"reply@other.example", fromCleo, 550},
		} {
			if code := send(test.to, mail{test.from, "Subject: " + test.to, "", "Hello"}); code != test.code {
				t.Errorf("mail to %s %s gets %d, want %d", test.to, test.from, code, test.code)
			}
		}
		if n := w.tickets(); n != 4 {
			t.Errorf("there are %d tickets, want 4", n)
		}
	}
}

// TestSMTPDoorCloses stops the door while a mail is under way, which it waits for, and while a client that does nothing is connected.
func TestSMTPDoorCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	ctx, stop := context.WithCancel(t.Context())
	address, served := w.listen(ctx, false)
	client, idle := w.dial(address, false), w.dial(address, false)
	if err := errors.Join(idle.Noop(), client.Mail("cleo@customer.example", nil), client.Rcpt("reply@crm.example", nil)); err != nil {
		t.Fatal(err)
	}
	writer, err := client.Data()
	if err != nil {
		t.Fatal(err)
	}
	stop()
	for idleEnded := false; !idleEnded; { // when the door has been told
		idleEnded = idle.Noop() != nil
	}
	select {
	case err := <-served:
		t.Fatalf("the door is closed while a mail is under way, error %v", err)
	default:
	}
	if _, err := writer.Write(mail{fromCleo, "", "Hello"}.raw()); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Errorf("the mail under way isn't received: %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if n := w.tickets(); n != 2 {
		t.Errorf("there are %d tickets, want one more", n)
	}
}

// connect opens the door for SMTP until the test ends, and connects to it.
func (w *world) connect(lmtp bool) *smtp.Client {
	w.t.Helper()
	address, served := w.listen(w.t.Context(), lmtp)
	w.t.Cleanup(func() {
		if err := <-served; err != nil {
			w.t.Error(err)
		}
	})
	return w.dial(address, lmtp)
}

// listen opens the door for SMTP until ctx is done, and returns its address.
func (w *world) listen(ctx context.Context, lmtp bool, change ...func(*inbound.SMTPServer)) (address string, served chan error) {
	w.t.Helper()
	listener, err := new(net.ListenConfig).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	door := w.service.NewSMTPServer(lmtp)
	for _, c := range change {
		c(door)
	}
	served = make(chan error, 1)
	go func() { served <- door.Serve(ctx, listener) }()
	return listener.Addr().String(), served
}

func (w *world) dial(address string, lmtp bool) *smtp.Client {
	w.t.Helper()
	conn, err := new(net.Dialer).DialContext(w.t.Context(), "tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	client := smtp.NewClient(conn)
	if lmtp {
		client = smtp.NewClientLMTP(conn)
	}
	w.t.Cleanup(func() { _ = client.Close() })
	return client
}

// data sends the text of a mail.
func data(client *smtp.Client, m mail) error {
	writer, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := writer.Write(m.raw()); err != nil {
		return err
	}
	return writer.Close()
}
