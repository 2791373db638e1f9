package inbound_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

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
