package mailbox_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"

	"crm/auth/mailtoken"
	"crm/inbound/mailbox"
	"crm/inbound/mailbox/mailboxtest"
)

// tokens are the access tokens that a server takes.
type tokens struct {
	mutex sync.Mutex
	// valid is the one that it takes now; empty if it takes only the password.
	valid string
	// refused counts the log-ins that the server has refused, taken those that it hasn't.
	refused, taken int
	// open are the sessions that are logged in.
	open []*tokenSession
}

func (k *tokens) session(inner imapserver.Session) imapserver.Session {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.valid == "" {
		return inner
	}
	return &tokenSession{Session: inner, tokens: k}
}

// expire replaces the valid token, and has what sessions ask for refused from then on.
func (k *tokens) expire(next string) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.valid = next
	for _, s := range k.open {
		s.expired = true
	}
}

func (k *tokens) counts() (refused, taken int) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return k.refused, k.taken
}

// tokenSession is a session that is logged in with a token.
type tokenSession struct {
	imapserver.Session

	tokens  *tokens
	expired bool
}

// AuthenticateMechanisms implements imapserver.SessionSASL.
func (s *tokenSession) AuthenticateMechanisms() []string { return []string{"XOAUTH2"} }

// Authenticate implements imapserver.SessionSASL.
func (s *tokenSession) Authenticate(mechanism string) (sasl.Server, error) {
	if mechanism != "XOAUTH2" {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Text: "unknown mechanism"}
	}
	return &tokenServer{session: s}, nil
}

// Search implements imapserver.Session.
func (s *tokenSession) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, options *imap.SearchOptions) (*imap.SearchData, error) {
	s.tokens.mutex.Lock()
	expired := s.expired
	s.tokens.mutex.Unlock()
	if expired {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Text: "the access token has expired"}
	}
	return s.Session.Search(kind, criteria, options)
}

// tokenServer is the server of XOAUTH2. It repeats what it refuses, as no server should.
type tokenServer struct {
	session *tokenSession
	refused string
}

// Next implements sasl.Server.
func (s *tokenServer) Next(response []byte) (challenge []byte, done bool, err error) {
	k := s.session.tokens
	k.mutex.Lock()
	defer k.mutex.Unlock()
	switch {
	case s.refused != "":
		return nil, false, &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAuthenticationFailed, Text: "not " + s.refused}
	case response == nil:
		return nil, false, nil
	case string(response) != "user="+mailboxtest.User+"\x01auth=Bearer "+k.valid+"\x01\x01":
		k.refused++
		_, s.refused, _ = strings.Cut(strings.Trim(string(response), "\x01"), "Bearer ")
		return []byte(`{"status":"400","schemes":"Bearer"}`), false, nil
	}
	if err := s.session.Login(mailboxtest.User, mailboxtest.Password); err != nil {
		return nil, false, err
	}
	k.taken++
	k.open = append(k.open, s.session)
	return nil, true, nil
}

// lines is a log.
type lines struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

// String returns what was logged.
func (l *lines) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// withTokens returns a server that takes access tokens, its log, in which no secret may be in the end, and a file with the token.
func withTokens(t *testing.T, valid string, capabilities ...imap.Cap) (s *server, log *lines, file string) {
	t.Helper()
	s, log, file = newServer(t, append(capabilities, imap.CapIdle)...), &lines{}, filepath.Join(t.TempDir(), "token")
	s.log = slog.New(slog.NewTextHandler(log, nil))
	s.tokens.expire(valid)
	write(t, file, "first-token")
	t.Cleanup(func() {
		for _, secret := range append(mailtoken.Secrets("support", "first-token"), "second-token", "wrong-token", mailboxtest.Password) {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log shows %s: %s", secret, log)
			}
		}
	})
	return s, log, file
}

func by(oauth mailtoken.Config, password string) func(*mailbox.Config) {
	return func(c *mailbox.Config) { c.OAuth, c.Password = oauth, password }
}

func printing(file string) mailtoken.Config {
	return mailtoken.Config{Command: fmt.Sprintf("cat '%s'", file)}
}

// TestTokens reads a mailbox with access tokens, also when one expires meanwhile, or when the server refuses one at first.
func TestTokens(t *testing.T) {
	t.Parallel()
	for _, capabilities := range [][]imap.Cap{nil, {imap.CapSASLIR}} {
		s, log, file := withTokens(t, "first-token", capabilities...)
		var r receiver
		s.Deliver(saying("one"))
		s.read(marks(t), &r, by(printing(file), ""))
		eventually(t, "mail is read with a token", func() bool { return r.received() == "one" })
		write(t, file, "second-token")
		s.tokens.expire("second-token")
		s.Deliver(saying("two"))
		eventually(t, "mail is read with the next token", func() bool { return r.received() == "one two" })
		if refused, taken := s.tokens.counts(); refused != 0 || taken != 2 {
			t.Errorf("%d log-ins were refused and %d weren't: %s", refused, taken, log)
		}
		s, log, file = withTokens(t, "first-token", capabilities...)
		write(t, file, "wrong-token")
		var late receiver
		s.Deliver(saying("one"))
		s.read(marks(t), &late, by(printing(file), ""))
		eventually(t, "the log says that the token is refused", func() bool { return strings.Contains(log.String(), "the server refuses the access token") })
		write(t, file, "first-token")
		eventually(t, "mail is read with the right token", func() bool { return late.received() == "one" })
	}
}

// TestTokenTroubles checks what the log says about tokens that can't be used.
func TestTokenTroubles(t *testing.T) {
	t.Parallel()
	failing := mailtoken.Config{Command: "echo wrong-token; echo wrong-token >&2; exit 3"}
	for _, test := range []struct {
		valid string
		oauth mailtoken.Config
		want  string
	}{
		{"first-token", mailtoken.Config{Token: "wrong-token"}, "the server refuses the access token"},
		{"first-token", failing, "IMAP_OAUTH_TOKEN_COMMAND failed: exit status 3"},
		{"", mailtoken.Config{Token: "first-token"}, "the server doesn't offer XOAUTH2 here"},
	} {
		s, log, _ := withTokens(t, test.valid)
		s.read(marks(t), &receiver{}, by(test.oauth, ""))
		eventually(t, "the log says: "+test.want, func() bool { return strings.Contains(log.String(), test.want) })
	}
	s, _, _ := withTokens(t, "")
	var r receiver
	s.Deliver(saying("one"))
	s.read(marks(t), &r, by(mailtoken.Config{Token: "first-token"}, mailboxtest.Password))
	eventually(t, "mail is read with the password", func() bool { return r.received() == "one" })
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
