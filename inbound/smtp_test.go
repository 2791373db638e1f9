package inbound_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"crm/db"
	"crm/db/store"
	"crm/inbound"
)

// deadline is how long a test waits for what should happen soon.
const deadline = time.Minute

// ended fails the test unless a door closes, and reports its error.
func ended(t *testing.T, what string, served <-chan error) {
	t.Helper()
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("%s: the door closes with %v", what, err)
		}
	case <-time.After(deadline):
		t.Fatalf("%s: the door doesn't close", what)
	}
}

// begun connects to a door and begins a mail, whose text is still to be sent.
func (w *world) begun(address string, lmtp bool) *smtp.DataCommand {
	w.t.Helper()
	client := w.dial(address, lmtp)
	if err := errors.Join(client.Mail("cleo@customer.example", nil), client.Rcpt("reply@crm.example", nil)); err != nil {
		w.t.Fatal(err)
	}
	writer, err := client.Data()
	if err != nil {
		w.t.Fatal(err)
	}
	return writer
}

// finished sends the text of a mail.
func finished(writer io.WriteCloser, text string) error {
	_, err := writer.Write(mail{fromCleo, "Subject: " + text, "", text}.raw())
	return errors.Join(err, writer.Close())
}

// TestSMTPDoorFull checks that more mails than a door receives at once are refused for the moment, and that they are received later.
func TestSMTPDoorFull(t *testing.T) {
	t.Parallel()
	for _, lmtp := range []bool{false, true} {
		w := newWorld(t).people()
		address, _ := w.listen(t.Context(), lmtp)
		var begun []*smtp.DataCommand
		for range inbound.MaxAtOnce {
			begun = append(begun, w.begun(address, lmtp))
		}
		var refusal *smtp.SMTPError
		received := 0
		for ; received < 1000 && refusal == nil; received++ { // a door says that it takes a mail a moment before it does
			if err := finished(w.begun(address, lmtp), "More"); err != nil && !errors.As(err, &refusal) {
				t.Fatal(err)
			}
		}
		if refusal == nil || refusal.Code != 451 || refusal.EnhancedCode != (smtp.EnhancedCode{4, 3, 2}) {
			t.Fatalf("one mail too many gets %v", refusal)
		}
		for _, writer := range begun {
			if err := finished(writer, "Begun"); err != nil {
				t.Errorf("a mail that was begun before gets %v", err)
			}
		}
		if err := finished(w.begun(address, lmtp), "Later"); err != nil {
			t.Errorf("a mail gets %v when the others are received", err)
		}
	}
}

// TestHTTPDoorFull checks the same of mail that is posted.
func TestHTTPDoorFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	server := httptest.NewServer(w.service.Handler(secret))
	t.Cleanup(server.Close)
	post := func(body io.Reader) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
		if err != nil {
			t.Error(err)
			return 0
		}
		request.SetBasicAuth("any", secret)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	whole := func(text string) io.Reader {
		return bytes.NewReader(mail{fromCleo, "Subject: " + text, "", text}.raw())
	}
	answers := make(chan int, inbound.MaxAtOnce)
	var writers []*io.PipeWriter
	for i := range inbound.MaxAtOnce {
		body, writer := io.Pipe()
		writers = append(writers, writer)
		go func() { answers <- post(io.MultiReader(body, whole(strconv.Itoa(i)))) }()
	}
	for _, writer := range writers {
		_, _ = writer.Write([]byte("X-Begun: yes\r\n")) // it is sent, so that the request is, too
	}
	status := http.StatusOK
	for tries := 0; tries < 1000 && status == http.StatusOK; tries++ { // a request may be on its way
		status = post(whole("More"))
	}
	if status != http.StatusServiceUnavailable {
		t.Errorf("one mail too many gets %d", status)
	}
	for _, writer := range writers {
		_ = writer.Close()
	}
	for range writers {
		if status := <-answers; status != http.StatusOK {
			t.Errorf("a mail that was begun before gets %d", status)
		}
	}
	if status := post(whole("Later")); status != http.StatusOK {
		t.Errorf("a mail gets %d when the others are received", status)
	}
}

// waitingStore is a store in which looking for something takes until nobody waits for it any more.
type waitingStore struct {
	store.Store
	waiting, over chan struct{}
}

func (s *waitingStore) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	if c != db.ReceivedMails.Collection {
		return s.Store.Find(ctx, c, q, next)
	}
	close(s.waiting)
	<-ctx.Done()
	close(s.over)
	return ctx.Err()
}

// TestSMTPDoorInterrupts checks what becomes of mail that takes longer than the door may take to close: nothing is done with it once the
// door is closed.
func TestSMTPDoorInterrupts(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	slow := &waitingStore{w.store, make(chan struct{}), make(chan struct{})}
	w.service = inbound.New(db.New(slow, nil, db.Options{}), w.config, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	address, served := w.listen(ctx, false, func(d *inbound.SMTPServer) { d.StopTime = time.Millisecond })
	sending, receiving := w.begun(address, false), w.begun(address, false)
	answered := make(chan error, 1)
	go func() { answered <- finished(receiving, "Hello") }()
	<-slow.waiting
	stop()
	ended(t, "with mail under way", served)
	select {
	case <-slow.over:
	default:
		t.Error("a mail is being received after the door has closed")
	}
	if err := <-answered; err == nil {
		t.Error("the sender is told that the mail was received")
	}
	if err := finished(sending, "Hello"); err == nil {
		t.Error("a mail is received after the door has closed")
	}
}

// TestSMTPDoorClosesSoon closes the door when nothing is under way: as soon as it was opened, and while a client is connected that says
// nothing.
func TestSMTPDoorClosesSoon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patient := func(d *inbound.SMTPServer) { d.StopTime = time.Hour }
	for range 500 {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		_, served := w.listen(ctx, false, patient)
		ended(t, "at once", served)
	}
	ctx, stop := context.WithCancel(t.Context())
	address, served := w.listen(ctx, false, patient)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Read(make([]byte, 3)); err != nil { // of the greeting
		t.Fatal(err)
	}
	stop()
	ended(t, "with a silent client", served)
}

// TestPortTaken checks that the doors that are open are closed again if another one can't be opened.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	w.config.SMTP, w.config.LMTP = "127.0.0.1:0", taken.Addr().String()
	service := inbound.New(w.db, w.config, slog.New(slog.DiscardHandler))
	for range 500 {
		started := make(chan error, 1)
		go func() {
			_, err := service.Start(t.Context())
			started <- err
		}()
		select {
		case err := <-started:
			if err == nil {
				t.Fatal("a port is listened on that is taken")
			}
		case <-time.After(deadline):
			t.Fatal("the other door doesn't close")
		}
	}
}
