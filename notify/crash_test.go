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

// fatalMailer sends a mail and kills the process before the result can be written.
type fatalMailer struct{ mail.Mailer }

func (m fatalMailer) Send(ctx context.Context, message *mail.Message) error {
	if err := m.Mailer.Send(ctx, message); err != nil {
		return err
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
)

// TestKilled checks that mail sent by a process that was killed before it wrote the result is sent again, with the same
// Message-ID.
func TestKilled(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(fatalStore); path != "" {
		sendAndDie(t, path, os.Getenv(fatalPort))
		return
	}
	server := mailtest.NewServer(t, mailtest.WithoutTLS)
	path := filepath.Join(t.TempDir(), "crm.db")
	store := openStore(t, path)
	newWorldOn(t, store).announceToCarl("Yearly review")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
	child.Env = append(os.Environ(), fatalStore+"="+path, fatalPort+"="+strconv.Itoa(server.Port()))
	if out, err := child.CombinedOutput(); child.ProcessState.ExitCode() != -1 {
		t.Fatalf("the process wasn't killed: %v\n%s", err, out)
	}
	if len(server.Inbox()) != 1 {
		t.Fatalf("the process sent %d mails", len(server.Inbox()))
	}
	store = openStore(t, path)
	w := &world{t: t, store: store, db: db.New(store, nil, db.Options{})}
	if d := w.deliveries()[0]; d.Status != db.DeliveryPending {
		t.Errorf("the killed process left status %s", d.Status)
	}
	start(t, w.db, newMailer(t, server))
	d := w.settled(1)[0]
	mails := server.Inbox()
	if d.Status != db.DeliverySent || len(mails) != 2 {
		t.Fatalf("status %s, %d mails", d.Status, len(mails))
	}
	first, second := fields(t, mails[0].Raw), fields(t, mails[1].Raw)
	if first != second || first != d.MessageID+" "+d.CreatedAt.Format(time.RFC1123Z) {
		t.Errorf("the mails are %q and %q", first, second)
	}
}

// shortLease lets others claim a delivery soon after the process that claimed it has died.
func shortLease(s *settings) { s.lease = 200 * time.Millisecond }

// sendAndDie runs in the process that kills itself.
func sendAndDie(t *testing.T, path, port string) {
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	mailer, err := mail.NewSMTP(mail.SMTPConfig{Host: "127.0.0.1", Port: number, From: mailtest.User})
	if err != nil {
		t.Fatal(err)
	}
	d := db.New(openStore(t, path), nil, db.Options{})
	_ = New(d, fatalMailer{mailer}, discard(), quick, shortLease).Run(t.Context())
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
