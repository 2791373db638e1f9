// Package mailboxtest has an IMAP server for tests, which keeps its mail in memory.
package mailboxtest

import (
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// The server's only account, and the folders that it has.
const (
	User     = "support"
	Password = "a password"
	Inbox    = "INBOX"
	Done     = "Received"
)

// Server is a real IMAP server with one account.
type Server struct {
	t    *testing.T
	user *imapmemserver.User
	port int
	// onMove returns the reply to a command that moves mail; nil accepts all.
	onMove func() error
	// wrap returns the session that serves a client, given the one that the server would use.
	wrap func(imapserver.Session) imapserver.Session
}

// OnMove makes a server reply so to commands that move mail.
func OnMove(reply func() error) func(*Server) {
	return func(s *Server) { s.onMove = reply }
}

// Sessions makes a server serve its clients with what wrap returns for a session.
func Sessions(wrap func(imapserver.Session) imapserver.Session) func(*Server) {
	return func(s *Server) { s.wrap = wrap }
}

// NewServer starts a server that has these capabilities besides those of IMAP4rev1.
func NewServer(t *testing.T, capabilities []imap.Cap, options ...func(*Server)) *Server {
	t.Helper()
	memory := imapmemserver.New()
	s := &Server{
		t: t, user: imapmemserver.NewUser(User, Password), wrap: func(plain imapserver.Session) imapserver.Session { return plain },
	}
	for _, option := range options {
		option(s)
	}
	memory.AddUser(s.user)
	for _, folder := range []string{Inbox, Done} {
		if err := s.user.Create(folder, nil); err != nil {
			t.Fatal(err)
		}
	}
	caps := imap.CapSet{imap.CapIMAP4rev1: {}}
	for _, c := range capabilities {
		caps[c] = struct{}{}
	}
	served := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return s.wrap(&session{Session: memory.NewSession(), server: s}), nil, nil
		},
		Caps: caps, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	go func() { _ = served.Serve(listener) }()
	t.Cleanup(func() { _ = served.Close() })
	return s
}

// session is a session of one client.
type session struct {
	imapserver.Session
	server *Server
}

// Move implements imapserver.SessionMove.
func (s *session) Move(w *imapserver.MoveWriter, mails imap.NumSet, folder string) error {
	if s.server.onMove != nil {
		if err := s.server.onMove(); err != nil {
			return err
		}
	}
	return s.Session.(imapserver.SessionMove).Move(w, mails, folder)
}

// Port returns the port of 127.0.0.1 that the server listens on.
func (s *Server) Port() int { return s.port }

// Deliver puts a mail into the inbox.
func (s *Server) Deliver(raw string, flags ...imap.Flag) {
	s.t.Helper()
	if _, err := s.user.Append(Inbox, literal{strings.NewReader(raw)}, &imap.AppendOptions{Flags: flags, Time: time.Now()}); err != nil {
		s.t.Fatal(err)
	}
}

// Renumber puts an empty inbox in the place of the one that there is.
func (s *Server) Renumber() {
	s.t.Helper()
	if err := errors.Join(s.user.Rename(Inbox, "Old", nil), s.user.Create(Inbox, nil)); err != nil {
		s.t.Fatal(err)
	}
}

type literal struct{ *strings.Reader }

// Size implements imap.LiteralReader.
func (l literal) Size() int64 { return l.Reader.Size() }

// Count returns how many mails a folder has, and how many of them nobody has seen.
func (s *Server) Count(folder string) (all, unseen int) {
	s.t.Helper()
	status, err := s.user.Status(folder, &imap.StatusOptions{NumMessages: true, NumUnseen: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return int(*status.NumMessages), int(*status.NumUnseen)
}
