//go:build linux

package mail

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"crm/config"
	"crm/notify/mail/mailtest"
)

// TestRealServers sends through Exim and Postfix, where they are installed, and checks that they accept everything. They run
// for each session by themselves, without delivering anything. They need root.
func TestRealServers(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("mail servers need root")
	}
	for name, command := range map[string]func(t *testing.T, folder string) *exec.Cmd{"Exim": exim, "Postfix": postfix} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, err := os.MkdirTemp("", "mail-server-")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(folder) })
			if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec // the servers run as other users
				t.Fatal(err)
			}
			session := command(t, folder)
			port := serveSessions(t, func() *exec.Cmd {
				return &exec.Cmd{Path: session.Path, Args: session.Args, Env: session.Env, SysProcAttr: session.SysProcAttr}
			})
			mailer, err := NewSMTP(SMTPConfig{Host: "127.0.0.1", Port: port, From: "Büro <crm@bücher.example>", TLS: config.NoTLS})
			if err != nil {
				t.Fatal(err)
			}
			recipients := []string{"carl@customer.example", "taro..yamada.@docomo.example", "user@bücher.example", "jürgen@bücher.example"}
			texts := append([]string{"New meeting", strings.Repeat("日本語 ", 40), strings.Repeat("word ", 29)}, mailtest.Hostile...)
			for i, text := range texts {
				m := newMessage()
				m.Recipient, m.RecipientName, m.Subject = recipients[i%len(recipients)], text, text
				m.Text, m.HTML = Prose(text, 10_000)+"\n.\n", "<p>"+Prose(text, 10_000)+"</p>\n"
				if err := mailer.Send(t.Context(), m); err != nil {
					t.Errorf("%.40q to %s: %v", text, m.Recipient, err)
				}
			}
		})
	}
}

// serveSessions runs a command for each connection to a port, which is its standard input and output.
func serveSessions(t *testing.T, command func() *exec.Cmd) (port int) {
	t.Helper()
	listener, port := mailtest.Silence(t)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			session := command()
			session.Stdin, session.Stdout = conn, conn
			go func() {
				_ = session.Run() // its replies, or the lack of them, say what went wrong
				_ = conn.Close()
			}()
		}
	}()
	return port
}

// exim is the command of an Exim that accepts everything whose header has no errors, and keeps it.
func exim(t *testing.T, folder string) *exec.Cmd {
	program := "/usr/sbin/exim4"
	if other := os.Getenv("EXIM"); other != "" {
		program = other
	}
	account, err := user.Lookup("Debian-exim")
	if _, missing := os.Stat(program); err != nil || missing != nil {
		t.Skip("Exim is not installed")
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(folder, uid, -1); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "exim.conf")
	write(t, config, fmt.Sprintf(`
primary_hostname = mail.example.com
spool_directory = %[1]s/spool
log_file_path = %[1]s/%%slog
queue_only = true
tls_advertise_hosts =
smtputf8_advertise_hosts = *
host_lookup =
acl_smtp_rcpt = accept
acl_smtp_data = data
begin acl
data:
  require verify = header_syntax
  accept
`, folder))
	return exec.Command(program, "-bs", "-C", config) //nolint:gosec,noctx // it ends with its connection
}

// postfix is the command of a Postfix that accepts everything in addresses of the strictest form, and keeps it.
func postfix(t *testing.T, folder string) *exec.Cmd {
	write(t, filepath.Join(folder, "main.cf"), fmt.Sprintf(`
compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s
command_directory = %[1]s
myhostname = mail.example.com
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
smtpd_relay_restrictions =
smtpd_recipient_restrictions = permit
strict_rfc821_envelopes = yes
smtputf8_enable = yes
import_environment = MAIL_CONFIG
`, folder))
	write(t, filepath.Join(folder, "master.cf"), "")
	queue(t, folder)
	command := exec.Command("/usr/sbin/sendmail", "-bs") //nolint:noctx // it ends with its connection
	command.Env = append(os.Environ(), "MAIL_CONFIG="+folder)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}} // it refuses to run as root
	return command
}

// queue makes the folders where Postfix's postdrop leaves what was accepted, and a postdrop without the privileges of its group,
// since those hold only for the configuration of the system.
func queue(t *testing.T, folder string) {
	t.Helper()
	program, err := os.ReadFile("/usr/sbin/postdrop")
	if err != nil {
		t.Skip("Postfix is not installed")
	}
	for _, name := range []string{"queue", "queue/maildrop", "queue/public"} {
		path := filepath.Join(folder, name)
		if err := os.Mkdir(path, 0o777); err != nil { //nolint:gosec // as above
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o777); err != nil { //nolint:gosec // as above
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "postdrop"), program, 0o755); err != nil { //nolint:gosec // as above
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // the servers run as other users
		t.Fatal(err)
	}
}
