//go:build linux

package mailbox_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"crm/inbound/mailbox"
)

// dovecotSettings configure a Dovecot with one mailbox, for its folder, its port, and the user whom the mail belongs to.
const dovecotSettings = `
base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/log
mail_location = maildir:%[1]s/mail
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
auth_mechanisms = plain xoauth2
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = %[1]s/oauth2.conf
}
passdb {
  driver = static
  args = password=` + "a-password" + `
}
userdb {
  driver = static
  args = uid=%[3]s gid=%[4]s home=%[1]s/mail
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[2]d
  }
  inet_listener imaps {
    port = 0
  }
}
service stats {
  chroot =
}
service anvil {
  chroot =
}
namespace inbox {
  inbox = yes
  mailbox Received {
    auto = create
  }
}
`

// oauth2Settings have Dovecot ask at an address which account a token is for.
const oauth2Settings = `
tokeninfo_url = %s/?token=
username_attribute = email
`

// tokenInfo returns the address of a provider that knows one token, of the account support.
func tokenInfo(t *testing.T, token string) string {
	t.Helper()
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("token") != token {
			http.Error(w, `{"error":"invalid_token"}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"email":"support","expires_in":3600}`))
	}))
	t.Cleanup(provider.Close)
	return provider.URL
}

// TestDovecot reads a mailbox of Dovecot, where that is installed, into which mail is delivered as files, with a password and with an
// access token.
func TestDovecot(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("dovecot")
	if err != nil || os.Getuid() != 0 {
		t.Skip("Dovecot isn't installed, or there is no root to run it")
	}
	folder, err := os.MkdirTemp("", "dovecot-") // not t.TempDir, whose name is too long for its sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	owner, err := user.Lookup("mail")
	if err != nil {
		t.Skip("there is no user mail")
	}
	deliver := maildir(t, filepath.Join(folder, "mail"), owner)
	if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec // Dovecot runs as other users
		t.Fatal(err)
	}
	port := freePort(t)
	settings := filepath.Join(folder, "dovecot.conf")
	if err := os.WriteFile(settings, fmt.Appendf(nil, dovecotSettings, folder, port, owner.Uid, owner.Gid), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "oauth2.conf"), fmt.Appendf(nil, oauth2Settings, tokenInfo(t, "the-token")), 0o644); err != nil { //nolint:gosec // Dovecot runs as other users
		t.Fatal(err)
	}
	log := &lines{}
	command := exec.CommandContext(t.Context(), program, "-F", "-c", settings)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if wrote, err := os.ReadFile(filepath.Join(folder, "log")); err == nil && t.Failed() {
			t.Logf("Dovecot wrote:\n%s\nThe reader wrote:\n%s", wrote, log)
		}
	})
	s, r := &server{t: t, port: port, poll: 20 * time.Millisecond, log: slog.New(slog.NewTextHandler(log, nil))}, &receiver{}
	deliver("one")
	marks := marks(t)
	stop := s.read(marks, r, func(c *mailbox.Config) { c.Password, c.DoneFolder = "a-password", "Received" })
	moved := func(n int) func() bool {
		return func() bool {
			found, err := filepath.Glob(filepath.Join(folder, "mail", ".Received", "cur", "*"))
			return err == nil && len(found) == n
		}
	}
	eventually(t, "the first mail is read", func() bool { return r.received() == "one" })
	eventually(t, "it is moved", moved(1)) // otherwise it would be received again
	stop()
	token := filepath.Join(t.TempDir(), "token")
	write(t, token, "another-token")
	s.read(marks, r, func(c *mailbox.Config) {
		c.Password, c.OAuth, c.DoneFolder = "", printing(token), "Received"
	})
	eventually(t, "the token is refused", func() bool { return strings.Contains(log.String(), "the server refuses the access token") })
	write(t, token, "the-token")
	deliver("two")
	eventually(t, "the next mail is read", func() bool { return r.received() == "one two" })
	eventually(t, "both are moved", moved(2))
}

// maildir makes a folder for mail, and returns a function that delivers one.
func maildir(t *testing.T, folder string, owner *user.User) (deliver func(text string)) {
	t.Helper()
	uid, errUID := strconv.Atoi(owner.Uid)
	gid, errGID := strconv.Atoi(owner.Gid)
	if errUID != nil || errGID != nil {
		t.Skip("the user mail has no number")
	}
	for _, name := range []string{"", "tmp", "new", "cur"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	return func(text string) {
		t.Helper()
		n++
		name := fmt.Sprintf("%d.mail", n)
		path := filepath.Join(folder, "tmp", name)
		if err := os.WriteFile(path, []byte("From: carl@customer.example\r\n\r\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path, filepath.Join(folder, "new", name)); err != nil {
			t.Fatal(err)
		}
	}
}

// freePort returns a port that is free now.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}
