package notify

import (
	"bytes"
	"context"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"crm/db"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// fatalMailer kills the process before it sends a mail, or before the result can be written.
type fatalMailer struct {
	mail.Mailer
	sends bool
}

func (m fatalMailer) Send(ctx context.Context, message *mail.Message) error {
	if m.sends {
		if err := m.Mailer.Send(ctx, message); err != nil {
			return err
		}
	}
	process, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	if err := process.Kill(); err != nil {
		return err
	}
	<-ctx.Done() // a signal takes its time
	return ctx.Err()
}

// The environment of the process that TestKilled starts.
const (
	fatalStore = "NOTIFY_TEST_STORE"
	fatalPort  = "NOTIFY_TEST_PORT"
	fatalSends = "NOTIFY_TEST_SENDS"
)

// TestKilled checks that the next process sends the mail of one that was killed after it had claimed it. Mail
// that was sent already is sent again, with the same Message-ID.
func TestKilled(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(fatalStore); path != "" {
		sendAndDie(t, path, os.Getenv(fatalPort), os.Getenv(fatalSends) == "true")
		return
	}
	for _, sends := range []bool{false, true} {
		t.Run("sends: "+strconv.FormatBool(sends), func(t *testing.T) {
			t.Parallel()
			server := mailtest.NewServer(t, mailtest.WithoutTLS)
			path := filepath.Join(t.TempDir(), "crm.db")
			store := openStore(t, path)
			newWorldOn(t, store).announceToCarl("Yearly review")
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
			child.Env = append(os.Environ(), fatalStore+"="+path, fatalPort+"="+strconv.Itoa(server.Port()),
				fatalSends+"="+strconv.FormatBool(sends))
			if out, err := child.CombinedOutput(); child.ProcessState.ExitCode() != -1 {
				t.Fatalf("the process wasn't killed: %v\n%s", err, out)
			}
			if got := len(server.Inbox()) == 1; got != sends {
				t.Fatalf("the process sent %d mails", len(server.Inbox()))
			}
			store = openStore(t, path)
			goOn(t, &world{t: t, store: store, db: db.New(store, nil, db.Options{})}, server)
		})
	}
}

// goOn checks the mail that a Service sends after a process was killed.
func goOn(t *testing.T, w *world, server *mailtest.Server) {
	t.Helper()
	before := len(server.Inbox())
	if d := w.deliveries()[0]; d.Status != db.DeliveryPending {
		t.Errorf("the killed process left status %s", d.Status)
	}
	start(t, w.db, newMailer(t, server))
	d := w.settled(1)[0]
	mails := server.Inbox()
	if d.Status != db.DeliverySent || len(mails) != before+1 {
		t.Fatalf("status %s, %d mails", d.Status, len(mails))
	}
	for _, m := range mails {
		if got := fields(t, m.Raw); got != d.MessageID+" "+d.CreatedAt.Format(time.RFC1123Z) {
			t.Errorf("the mail is %q", got)
		}
	}
}

// shortLease lets others claim a delivery soon after the process that claimed it has died.
func shortLease(s *settings) { s.lease = 200 * time.Millisecond }

// sendAndDie runs in the process that kills itself.
func sendAndDie(t *testing.T, path, port string, sends bool) {
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	mailer, err := mail.NewSMTP(mail.SMTPConfig{Host: "127.0.0.1", Port: number, From: mailtest.User})
	if err != nil {
		t.Fatal(err)
	}
	d := db.New(openStore(t, path), nil, db.Options{})
	_ = New(d, fatalMailer{mailer, sends}, discard(), quick, shortLease).Run(t.Context())
}

// fields returns the fields that identify a mail: Message-ID and Date.
func fields(t *testing.T, raw []byte) string {
	t.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	id := parsed.Header.Get("Message-ID")
	return id[1:len(id)-1] + " " + parsed.Header.Get("Date")
}
