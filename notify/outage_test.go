package notify

import (
	"bytes"
	"errors"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// TestServerDown checks that mail waits for the server, and is then sent once.
func TestServerDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	listener, port := mailtest.Silence(t)
	address := listener.Addr().String()
	_ = listener.Close()
	server := mailtest.NewServer(t)
	mailer := newMailer(t, server, func(c *mail.SMTPConfig) { c.Port = port })
	start(t, w.db, mailer, func(s *settings) {
		s.pauses = make([]time.Duration, 1_000_000)
		for i := range s.pauses {
			s.pauses[i] = 5 * time.Millisecond
		}
	})
	for range 5 {
		w.announce("Yearly review")
	}
	eventually(t, func() bool {
		deliveries := w.deliveries()
		for _, d := range deliveries {
			if d.Attempts < 2 || d.LastError == nil || !strings.Contains(*d.LastError, "cannot connect") {
				return false
			}
		}
		return len(deliveries) == 10
	})
	again, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("somebody else took the port: %v", err)
	}
	server.Serve(t, again)
	for _, d := range w.settled(10) {
		if d.Status != db.DeliverySent {
			t.Errorf("status %s", d.Status)
		}
	}
	once(t, server, 10)
}

// once checks that a server received n distinct mails, each once.
func once(t *testing.T, server *mailtest.Server, n int) {
	t.Helper()
	seen := map[string]int{}
	for _, m := range server.Inbox() {
		seen[messageID(t, m.Raw)]++
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("received %s %d times", id, times)
		}
	}
	if len(seen) != n {
		t.Errorf("received %d mails, want %d", len(seen), n)
	}
}

func messageID(t *testing.T, raw []byte) string {
	t.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header.Get("Message-ID")
}

// TestSlowServer checks that changes are written and planned while no mail can be sent.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	listener, port := mailtest.Silence(t)
	config := mail.SMTPConfig{Host: "127.0.0.1", Port: port, From: mailtest.User}
	mailer, err := mail.NewSMTP(config)
	if err != nil {
		t.Fatal(err)
	}
	service := New(w.db, mailer, discard(), quick, Grace(time.Millisecond))
	stop := run(t, service)
	for range 50 {
		w.announce("Yearly review")
	}
	eventually(t, func() bool { return len(w.deliveries()) == 100 })
	for _, d := range w.deliveries() {
		if d.Status != db.DeliveryPending || d.Attempts != 0 {
			t.Errorf("status %s after %d attempts", d.Status, d.Attempts)
		}
	}
	connection, err := listener.Accept() // a worker sends, and waits for the server
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if err := stop(); !errors.Is(err, errCutOff) {
		t.Errorf("the error is %v", err)
	}
	for _, d := range w.deliveries() {
		if d.NextAttemptAt.After(time.Now()) {
			t.Error("an interrupted delivery isn't due at once")
		}
	}
}

// TestManyServices checks that several services on one store send each mail once.
func TestManyServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := mailtest.NewServer(t)
	for range 3 {
		start(t, db.New(w.store, nil, db.Options{}), newMailer(t, server))
	}
	for range 20 {
		w.announce("Yearly review")
	}
	w.settled(40)
	once(t, server, 40)
}
