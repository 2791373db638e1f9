package mailbox_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"crm/config"
	"crm/db"
	"crm/inbound/mailbox"
	"crm/inbound/mailbox/mailboxtest"
)

// readInbox runs a reader until the test ends or stop is called.
func readInbox(t *testing.T, s *mailboxtest.Server, marks mailbox.Marks, r *receiver, options ...mailbox.Option) (stop func()) {
	t.Helper()
	settings := mailbox.Config{
		Host: "127.0.0.1", Port: s.Port(), TLS: config.NoTLS, User: mailboxtest.User, Password: mailboxtest.Password, Folder: mailboxtest.Inbox,
		DoneFolder: mailboxtest.Done,
	}
	options = append(options, mailbox.Poll(20*time.Millisecond))
	reader := mailbox.New(settings, marks, r.receive, slog.New(slog.NewTextHandler(t.Output(), nil)), options...)
	return run(t, reader)
}

// TestInterruptedFirstReading checks that nothing is left behind when the first reading of a folder is interrupted: neither the mail
// that has been marked as seen but not moved, nor one that has come since and that somebody has opened.
func TestInterruptedFirstReading(t *testing.T) {
	t.Parallel()
	var s *mailboxtest.Server
	var moves atomic.Int64
	interrupt := mailboxtest.OnMove(func() error {
		if moves.Add(1) > 1 {
			return nil
		}
		s.Deliver(saying("three"), imap.FlagSeen)
		return errors.New("interrupted")
	})
	s = mailboxtest.NewServer(t, []imap.Cap{imap.CapIdle, imap.CapMove}, interrupt)
	s.Deliver(saying("opened"), imap.FlagSeen)
	s.Deliver(saying("one"))
	s.Deliver(saying("opened, too"), imap.FlagSeen)
	s.Deliver(saying("two"))
	r := &receiver{}
	readInbox(t, s, marks(t), r)
	eventually(t, "the mail that was interrupted is received again, and then all others", func() bool { return r.received() == "one one two three" })
	eventually(t, "what was read is moved, and nothing else", func() bool {
		left, _ := s.Count(mailboxtest.Inbox)
		moved, unseen := s.Count(mailboxtest.Done)
		return left == 2 && moved == 3 && unseen == 0
	})
}

// TestOnlyReader checks that a reader that is the only one doesn't wait for the lease of one that was killed.
func TestOnlyReader(t *testing.T) {
	t.Parallel()
	s, store, r := mailboxtest.NewServer(t, []imap.Cap{imap.CapIdle, imap.CapMove}), marks(t), &receiver{}
	s.Deliver(saying("one"))
	stop := readInbox(t, s, unreleased{store}, r, mailbox.Only())
	eventually(t, "the first mail is read", func() bool { return r.received() == "one" })
	eventually(t, "it is moved", func() bool {
		moved, _ := s.Count(mailboxtest.Done)
		return moved == 1
	})
	stop()
	s.Deliver(saying("two"))
	readInbox(t, s, store, r, mailbox.Only())
	eventually(t, "the next reader begins", func() bool { return r.received() == "one two" })
}

// unreleased are marks with leases that nobody returns, as if the reader was killed.
type unreleased struct{ *db.DB }

func (unreleased) ReleaseMailbox(context.Context, *db.MailboxMark) error { return nil }

// progress are marks that tell how far a mailbox has been read. What is interrupted before it is marked is received again.
type progress struct {
	*db.DB

	last atomic.Int64
}

func (p *progress) MarkMailbox(ctx context.Context, mark *db.MailboxMark) error {
	err := p.DB.MarkMailbox(ctx, mark)
	p.last.Store(int64(mark.LastUID))
	return err
}

func (p *progress) reached(uid int64) func() bool {
	return func() bool { return p.last.Load() >= uid }
}

// TestMarkedAsUnread checks that mail from before the first reading stays unread when somebody marks it as unread later, although no new
// mail has come.
func TestMarkedAsUnread(t *testing.T) {
	t.Parallel()
	s, p, r := mailboxtest.NewServer(t, []imap.Cap{imap.CapMove}), &progress{DB: marks(t)}, &receiver{}
	s.Deliver(saying("opened"), imap.FlagSeen)
	readInbox(t, s, p, r)
	eventually(t, "the first reading is done", p.reached(1))
	client, err := imapclient.DialInsecure(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port())), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := client.Login(mailboxtest.User, mailboxtest.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Select(mailboxtest.Inbox, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	unread := &imap.StoreFlags{Op: imap.StoreFlagsDel, Flags: []imap.Flag{imap.FlagSeen}}
	if err := client.Store(imap.UIDSetNum(1), unread, nil).Close(); err != nil {
		t.Fatal(err)
	}
	s.Deliver(saying("new"))
	eventually(t, "only new mail is read", func() bool { return r.received() == "new" })
}
