package mailbox_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crm/config"
	"crm/db/store"
	"crm/inbound/mailbox"
	"crm/inbound/mailbox/mailboxtest"
)

// TestTroubles checks that no mail is lost while it can't be received, when the server numbers its mail anew, and if one mail can
// never be received.
func TestTroubles(t *testing.T) {
	t.Parallel()
	s, store := newServer(t, imap.CapIdle), marks(t)
	tries := 0
	r := &receiver{refuse: func(text string) error {
		if text == "poison" {
			return errors.New("it is poison")
		}
		if tries++; tries < 3 {
			return errors.New("the store is away")
		}
		return nil
	}}
	s.Deliver(saying("one"))
	stop := s.read(store, r)
	eventually(t, "the mail is received at last", func() bool { return r.received() == "one" })
	s.Deliver(saying("poison"))
	s.Deliver(saying("two"))
	eventually(t, "the mail after the one that can't be received is", func() bool { return r.received() == "one two" })
	eventually(t, "only the one that can't be received is unread", func() bool {
		_, unseen := s.Count(mailboxtest.Inbox)
		return unseen == 1
	})
	stop()
	s.Renumber()
	s.Deliver(saying("three"))
	s.read(store, r)
	eventually(t, "mail is read in a new folder of the same name", func() bool { return strings.HasSuffix(r.received(), "three") })
	if got := r.received(); got != "one two three" {
		t.Errorf("the mails are %q", got)
	}
}

// TestRenumbered checks that the failures of a mail that was given up don't count as those of another one that has its number later.
func TestRenumbered(t *testing.T) {
	t.Parallel()
	s, store := newServer(t, imap.CapIdle), marks(t)
	s.poll = time.Millisecond
	tries := 0
	r := &receiver{refuse: func(text string) error {
		switch text {
		case "poison":
			return errors.New("it is poison")
		case "one": // after that, the reader opens the folder again
			s.Renumber()
			s.Deliver(saying("two"))
			return errors.New("the folder is another one")
		}
		if tries++; tries < 3 {
			return errors.New("it fails for a moment")
		}
		return nil
	}}
	s.Deliver(saying("poison"))
	s.Deliver(saying("one"))
	s.read(store, r)
	eventually(t, "the mail is received at last", func() bool { return r.received() == "two" })
}

// TestOutage checks that a mail isn't given up while the store isn't available, however long that takes.
func TestOutage(t *testing.T) {
	t.Parallel()
	s, marks := newServer(t, imap.CapIdle), marks(t)
	s.poll = time.Millisecond
	tries := 0
	r := &receiver{refuse: func(string) error {
		if tries++; tries < 30 {
			return fmt.Errorf("cannot receive mail: %w", store.Errorf(store.Unavailable, "the database is not available"))
		}
		return nil
	}}
	s.Deliver(saying("one"))
	s.Deliver(saying("two"))
	s.read(marks, r)
	eventually(t, "both mails are received", func() bool { return r.received() == "one two" })
}

// TestSilentServer checks that a reader stops while a mail server says nothing, for which it would wait for half a minute.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]config.TLSMode{"no TLS": config.NoTLS, "STARTTLS": config.RequireSTARTTLS, "TLS": config.ImplicitTLS} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = listener.Close() }()
			settings := mailbox.Config{
				Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, TLS: mode, User: mailboxtest.User, Password: mailboxtest.Password,
			}
			stop := run(t, mailbox.New(settings, marks(t), new(receiver).receive, slog.New(slog.DiscardHandler)))
			conn, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				stop()
			}()
			select {
			case <-stopped:
			case <-time.After(20 * time.Second):
				t.Error("the reader goes on")
			}
		})
	}
}
