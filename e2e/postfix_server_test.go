//go:build linux

package e2e_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// postfix is a Postfix with a configuration of its own.
type postfix struct {
	t      *testing.T
	folder string
	// port is where it accepts mail by SMTP.
	port int
}

// The programs of Debian's Postfix.
const (
	postfixMaster = "/usr/lib/postfix/sbin/master"
	sendmail      = "/usr/sbin/sendmail"
)

// newPostfix prepares a Postfix, where one is installed. It needs root.
func newPostfix(t *testing.T) *postfix {
	t.Helper()
	owner, noOwner := user.Lookup("postfix")
	group, noGroup := user.LookupGroup("postdrop")
	if _, missing := os.Stat(postfixMaster); noOwner != nil || noGroup != nil || missing != nil || os.Getuid() != 0 {
		t.Skip("Postfix isn't installed, or there is no root to run it")
	}
	folder, err := os.MkdirTemp("", "postfix-") // not t.TempDir, whose name is too long for its sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	m := &postfix{t: t, folder: folder}
	m.makeFolder("", 0o755, -1, -1)
	m.makeFolder("queue", 0o755, -1, -1)
	m.makeFolder("queue/pid", 0o755, -1, -1)
	uid, gid := number(t, owner.Uid), number(t, group.Gid)
	for _, name := range []string{"active", "bounce", "corrupt", "defer", "deferred", "hold", "incoming", "private", "saved", "trace"} {
		m.makeFolder("queue/"+name, 0o700, uid, -1)
	}
	m.makeFolder("queue/maildrop", 0o730, uid, gid)
	m.makeFolder("queue/public", 0o710, uid, gid)
	m.makeFolder("data", 0o755, uid, -1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	m.port = listener.Addr().(*net.TCPAddr).Port
	return m
}

// makeFolder makes a folder of an account and a group; -1 is the one that it has.
func (m *postfix) makeFolder(name string, mode os.FileMode, uid, gid int) {
	m.t.Helper()
	path := filepath.Join(m.folder, name)
	if err := errors.Join(os.MkdirAll(path, mode), os.Chmod(path, mode), os.Chown(path, uid, gid)); err != nil {
		m.t.Fatal(err)
	}
}

// number returns the number of an account or a group.
func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// postfixMain is for the folder, and the table that says where mail to an address or a domain goes.
const postfixMain = `
compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
import_environment = MAIL_CONFIG
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.crm.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
fast_flush_domains =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_dns_support_level = disabled
recipient_delimiter = +
transport_maps = inline:{ %[2]s }
`

const postfixServices = `
127.0.0.1:%d inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
scache unix - - n - 1 scache
`

// start starts it. Each transport says where the mail to an address or a domain goes.
func (m *postfix) start(transports ...string) {
	t := m.t
	t.Helper()
	for name, text := range map[string]string{
		"main.cf":   fmt.Sprintf(postfixMain, m.folder, strings.Join(transports, ", ")),
		"master.cf": fmt.Sprintf(postfixServices, m.port),
	} {
		if err := os.WriteFile(filepath.Join(m.folder, name), []byte(text), 0o644); err != nil { //nolint:gosec // Postfix runs as other users
			t.Fatal(err)
		}
	}
	master := exec.Command(postfixMaster, "-c", m.folder, "-d")
	master.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = master.Process.Signal(syscall.SIGTERM) // which ends its services, too
		_ = master.Wait()
		if t.Failed() {
			t.Logf("Postfix wrote:\n%s", read(t, filepath.Join(m.folder, "log")))
		}
	})
	eventually(t, "Postfix listens", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", m.port))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// send sends a mail by sendmail, as a program or a person does on a mail server. The sender is empty for one that wants no answer.
func (m *postfix) send(from, to string, lines ...string) {
	m.t.Helper()
	command := exec.Command(sendmail, "-C", m.folder, "-i", "-f", from, to)
	command.Stdin = strings.NewReader(strings.Join(lines, "\n"))
	if out, err := command.CombinedOutput(); err != nil {
		m.t.Fatalf("the mail can't be sent: %v\n%s", err, out)
	}
}

// isIdle reports whether no mail waits.
func (m *postfix) isIdle() bool {
	m.t.Helper()
	for _, queue := range []string{"maildrop", "incoming", "active", "deferred"} {
		waiting := 0
		err := filepath.WalkDir(filepath.Join(m.folder, "queue", queue), func(_ string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				waiting++
			}
			return nil //nolint:nilerr // it has been sent meanwhile
		})
		if err != nil || waiting > 0 {
			return false
		}
	}
	return true
}
