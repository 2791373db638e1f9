package mailbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crm/auth/mailtoken"
	"crm/config"
	"crm/db"
	"crm/db/sqlite/sqlitetest"
	"crm/inbound/mailbox"
	"crm/inbound/mailbox/mailboxtest"
)

// server is an IMAP server, and how its mailbox is read.
type server struct {
	*mailboxtest.Server

	t    *testing.T
	port int
	// poll is how often a reader looks for mail.
	poll   time.Duration
	tokens tokens
	log    *slog.Logger
}

func newServer(t *testing.T, capabilities ...imap.Cap) *server {
	t.Helper()
	s := &server{t: t, poll: 20 * time.Millisecond, log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	s.Server = mailboxtest.NewServer(t, capabilities, mailboxtest.Sessions(s.tokens.session))
	s.port = s.Port()
	return s
}

// saying returns a mail with a text.
func saying(text string) string { return "From: carl@customer.example\r\n\r\n" + text }

// receiver remembers the texts of the mails that it has got.
type receiver struct {
	mutex sync.Mutex
	texts []string
	// refuse returns an error for a mail that can't be received now; nil receives all.
	refuse func(text string) error
}

func (r *receiver) receive(_ context.Context, raw []byte) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	_, text, _ := strings.Cut(string(raw), "\r\n\r\n")
	if r.refuse != nil {
		if err := r.refuse(text); err != nil {
			return err
		}
	}
	r.texts = append(r.texts, text)
	return nil
}

func (r *receiver) received() string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return strings.Join(r.texts, " ")
}

// marks opens a store for marks.
func marks(t *testing.T) *db.DB {
	t.Helper()
	return db.New(sqlitetest.OpenNew(t, db.Collections()), nil, db.Options{})
}

// read runs a reader until the test ends or stop is called.
func (s *server) read(marks mailbox.Marks, r *receiver, change ...func(*mailbox.Config)) (stop func()) {
	s.t.Helper()
	settings := mailbox.Config{
		Host: "127.0.0.1", Port: s.port, TLS: config.NoTLS, User: mailboxtest.User, Password: mailboxtest.Password, Folder: mailboxtest.Inbox,
	}
	for _, c := range change {
		c(&settings)
	}
	return run(s.t, mailbox.New(settings, marks, r.receive, s.log, mailbox.Poll(s.poll)))
}

// run runs a reader until the test ends or stop is called.
func run(t *testing.T, reader *mailbox.Reader) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		reader.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("it takes too long until %s", what)
		case <-tick.C:
		}
	}
}

// TestMailbox checks what is read of a mailbox, in what order, and what becomes of it there, with and without IDLE.
func TestMailbox(t *testing.T) {
	t.Parallel()
	for _, capabilities := range [][]imap.Cap{nil, {imap.CapIdle, imap.CapMove, imap.CapUIDPlus}} {
		s, store, r := newServer(t, capabilities...), &progress{DB: marks(t)}, &receiver{}
		s.Deliver(saying("opened"), imap.FlagSeen)
		s.Deliver(saying("one"))
		s.Deliver(saying("two"))
		move := func(c *mailbox.Config) {
			if capabilities != nil {
				c.DoneFolder = mailboxtest.Done
			}
		}
		stop := s.read(store, r, move)
		eventually(t, "the first mails are read", func() bool { return r.received() == "one two" })
		s.Deliver(saying("three"))
		s.Deliver(saying("four"), imap.FlagSeen) // somebody is quicker
		eventually(t, "new mail is read", func() bool { return r.received() == "one two three four" })
		eventually(t, "that is marked", store.reached(5))
		stop()
		s.Deliver(saying("five"))
		s.read(store, r, move)
		eventually(t, "mail is read that came meanwhile", func() bool { return r.received() == "one two three four five" })
		eventually(t, "the mail is marked", func() bool {
			all, unseen := s.Count(mailboxtest.Inbox)
			if capabilities != nil {
				moved, _ := s.Count(mailboxtest.Done)
				return all == 1 && moved == 5
			}
			return all == 6 && unseen == 0
		})
	}
}

// TestSeveralReaders checks that one reader reads a mailbox at a time, and that another one takes its place.
func TestSeveralReaders(t *testing.T) {
	t.Parallel()
	s, store := newServer(t, imap.CapIdle), &progress{DB: marks(t)}
	var first, second receiver
	stop := s.read(store, &first)
	s.Deliver(saying("one"))
	eventually(t, "one reader has the mail", func() bool { return first.received() == "one" })
	s.read(store, &second)
	s.Deliver(saying("two"))
	eventually(t, "the same reader has the next mail", func() bool { return first.received() == "one two" })
	eventually(t, "that is marked", store.reached(2))
	stop()
	s.Deliver(saying("three"))
	eventually(t, "the other one takes its place", func() bool { return second.received() == "three" })
	if got := first.received() + "; " + second.received(); got != "one two; three" {
		t.Errorf("the readers have %q", got)
	}
}

// TestWrongSettings checks what is said about settings that don't fit each other.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		config mailbox.Config
		want   string
	}{
		{mailbox.Config{}, ""}, {mailbox.Config{Host: "a", User: "b", Password: "c"}, ""}, {mailbox.Config{Host: "a", Password: "c"}, "IMAP_USER"},
		{mailbox.Config{Host: "a", User: "b"}, "IMAP_PASSWORD"}, {mailbox.Config{Host: "a", User: "b", OAuth: mailtoken.Config{Command: "c"}}, ""},
		{mailbox.Config{Host: "a", User: "b\x01c", Password: "c"}, "IMAP_USER"},
		{mailbox.Config{Host: "a", User: "b", OAuth: mailtoken.Config{Token: "d", Command: "c"}}, "IMAP_OAUTH_TOKEN_COMMAND"},
		{mailbox.Config{Host: "a", User: "b", Password: "c", OAuth: mailtoken.Config{Token: "d"}}, ""}, {mailbox.Config{Host: "a", User: "b", Password: "c", Folder: "x", DoneFolder: "x"}, "IMAP_DONE_FOLDER"},
	} {
		wrong := ""
		test.config.Check(func(variable string, err error) {
			wrong += variable
			if !strings.HasPrefix(fmt.Sprint(err), "must ") && !strings.HasPrefix(fmt.Sprint(err), "can't ") {
				t.Errorf("%s: %v", variable, err)
			}
		})
		if wrong != test.want {
			t.Errorf("%+v: %q is wrong, want %q", test.config, wrong, test.want)
		}
	}
}
