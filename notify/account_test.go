package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// newAccountWorld returns a world whose accounts can have passwords, and an account with one: Eve, a user who isn't told of her
// own changes.
func newAccountWorld(t *testing.T) (w *world, eve *db.User) {
	t.Helper()
	w = newWorld(t)
	hasher, err := auth.NewHasher(bcrypt.MinCost, 2)
	if err != nil {
		t.Fatal(err)
	}
	w.db = db.New(w.store, hasher, db.Options{CursorKeys: [][]byte{[]byte("a key of the server")}})
	eve, err = w.db.CreateUser(t.Context(), w.as(w.ada), db.NewUser{Name: "Eve", Email: "Eve@crm.example", Password: "correct horse", Role: auth.User})
	if err != nil {
		t.Fatal(err)
	}
	no := false
	if _, err := w.db.UpdateUser(t.Context(), w.as(eve), eve.ID, nil, db.UserChanges{NotifySelf: &no}); err != nil {
		t.Fatal(err)
	}
	return w, eve
}

func (w *world) requestReset(email string) {
	w.t.Helper()
	if _, err := w.db.RequestPasswordReset(w.t.Context(), db.KindUser, email, "192.0.2.1"); err != nil {
		w.t.Fatal(err)
	}
}

var tokens = regexp.MustCompile(`\b[0-9a-f]{88}\b`)

// TestResetMail checks that the owner of an account, and nobody else, gets a link that works, that nothing that is stored has its
// token, and that the owner is told of the new password.
func TestResetMail(t *testing.T) {
	t.Parallel()
	w, eve := newAccountWorld(t)
	server := mailtest.NewServer(t)
	start(t, w.db, newMailer(t, server), Configure(Config{
		Sender: "crm@example.com", AppName: "Acme", Links: NewLinks("https://crm.example.com", "", DefaultAccountLinkPath),
	}))
	w.requestReset("nobody@crm.example")
	w.requestReset("eve@crm.example")
	stored := w.settled(1)[0]
	message := mailtest.Parse(t, server.Inbox()[0].Raw)
	token := tokens.FindString(message.Text)
	if token == "" || message.To.Address != eve.Email || message.Subject != "Reset your password for Acme" {
		t.Fatalf("the message is to %s, %q:\n%s", message.To, message.Subject, message.Text)
	}
	contains(t, message.Text, "\nChoose a new password: https://crm.example.com/reset-password#token="+token+"\n", "Valid until: ")
	contains(t, message.HTML, `<a href="https://crm.example.com/reset-password#token=`+token+`">Choose a new password</a>`)
	w.nowhereStored(token)
	if stored.Status != db.DeliverySent {
		t.Errorf("the message is %s", stored.Status)
	}

	if _, err := w.db.ResetPassword(t.Context(), token, "battery staple"); err != nil {
		t.Fatal(err)
	}
	w.settled(2)
	told := mailtest.Parse(t, server.Inbox()[1].Raw)
	contains(t, told.Text, "The password of your account has been changed.")
	if told.To.Address != eve.Email || strings.Contains(told.Text, "https://") {
		t.Errorf("%s is told:\n%s", told.To, told.Text)
	}
}

// nowhereStored checks that no stored document or event contains a secret.
func (w *world) nowhereStored(secret string) {
	w.t.Helper()
	for _, c := range db.Collections() {
		err := store.EachPage(w.t.Context(), w.store, c, c.Select(fieldNames(c)...), func(page []*store.Record) error {
			for _, document := range page {
				for i, field := range c.Fields {
					if text, ok := document.Value(i).(string); ok && strings.Contains(text, secret[24:]) {
						w.t.Errorf("%s.%s contains the token", c.Name, field.Name)
					}
				}
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func fieldNames(c *store.Collection) []string {
	names := make([]string, len(c.Fields))
	for i, field := range c.Fields {
		names[i] = field.Name
	}
	return names
}

// TestUselessLinkIsNotSent checks that a message whose link was replaced while it waited is not sent any more.
func TestUselessLinkIsNotSent(t *testing.T) {
	t.Parallel()
	w, eve := newAccountWorld(t)
	stop := start(t, w.db, mail.Development{})
	w.requestReset(eve.Email)
	kept := w.settled(1)[0]
	stop()
	if _, err := w.db.SetPassword(t.Context(), w.as(w.ada), db.KindUser, eve.ID, "battery staple"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Redeliver(t.Context(), w.as(w.ada), kept.ID); err != nil {
		t.Fatal(err)
	}
	server := mailtest.NewServer(t)
	start(t, w.db, newMailer(t, server))
	w.settled(2)
	for _, delivery := range w.deliveries() {
		if delivery.ID == kept.ID && delivery.Status != db.DeliveryCancelled {
			t.Errorf("the message with the useless link is %s", delivery.Status)
		}
	}
	for _, received := range server.Inbox() {
		contains(t, mailtest.Parse(t, received.Raw).Text, "has been changed")
	}
}

// TestMailboxShowsToken checks that the development mailbox shows a token that can be used, also without a front end, and only
// as long as it can be used.
func TestMailboxShowsToken(t *testing.T) {
	t.Parallel()
	w, eve := newAccountWorld(t)
	start(t, w.db, mail.Development{})
	w.requestReset(eve.Email)
	w.settled(1)
	text := func() string {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/dev/mailbox", nil)
		request.Header.Set("Accept", "application/json")
		Mailbox(w.db, wantsJSON, discard()).ServeHTTP(recorder, request)
		var shown struct{ Messages []mailboxEntry }
		if err := json.Unmarshal(recorder.Body.Bytes(), &shown); err != nil || len(shown.Messages) == 0 {
			t.Fatalf("%v: %s", err, recorder.Body)
		}
		return shown.Messages[len(shown.Messages)-1].Text
	}
	for range 2 {
		contains(t, text(), "\nToken: ")
	}
	token := tokens.FindString(text())
	if _, err := w.db.ResetPassword(t.Context(), token, "battery staple"); err != nil {
		t.Fatal(err)
	}
	contains(t, text(), "\nToken: used-or-expired\n")
}

// TestDeactivatedHolderGetsNoLink checks that nobody gets the link of a user who has been deactivated, in contrast to mail about
// work, which all admins get instead.
func TestDeactivatedHolderGetsNoLink(t *testing.T) {
	t.Parallel()
	w, eve := newAccountWorld(t)
	w.requestReset(eve.Email)
	if _, err := w.db.DeactivateUser(t.Context(), w.as(w.ada), eve.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	start(t, w.db, acceptingMailer{})
	w.announce("A meeting")
	for _, delivery := range w.settled(2) {
		if db.BringsLink(delivery.EventType) {
			t.Errorf("%s gets a link", delivery.Recipient)
		}
	}
}

// TestMailAboutWrongPasswords checks that the owner of an account is told once of many wrong passwords, wherever they come from.
func TestMailAboutWrongPasswords(t *testing.T) {
	t.Parallel()
	w, eve := newAccountWorld(t)
	server := mailtest.NewServer(t)
	start(t, w.db, newMailer(t, server))
	for _, address := range []string{"192.0.2.1", "192.0.2.2"} {
		for range 12 {
			for _, email := range []string{eve.Email, "nobody@crm.example"} {
				_, err := w.db.LogInUser(t.Context(), db.Credentials{Email: email, Password: "a wrong guess", Address: address})
				if err == nil {
					t.Fatal("a wrong password is accepted")
				}
			}
		}
	}
	w.settled(1)
	if _, err := w.db.SetPassword(t.Context(), w.as(w.ada), db.KindUser, eve.ID, "battery staple"); err != nil {
		t.Fatal(err)
	}
	w.settled(2) // the other is about the new password
	message := mailtest.Parse(t, server.Inbox()[0].Raw)
	contains(t, message.Text, "many wrong passwords or codes for your account")
	if message.To.Address != eve.Email {
		t.Errorf("the message is to %s", message.To)
	}
}

// TestMailAboutTwoFactor checks that the owner of an account is told when its second factor is turned on and when an admin removes it, and
// that nothing that is stored has its secret.
func TestMailAboutTwoFactor(t *testing.T) {
	t.Parallel()
	w, eve := newAccountWorld(t)
	server := mailtest.NewServer(t)
	start(t, w.db, newMailer(t, server))
	by := db.Enroller{Viewer: auth.Viewer{Role: auth.User, Account: eve.ID}}
	secret, err := w.db.StartTwoFactor(t.Context(), by, new("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(secret.Text, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.ConfirmTwoFactor(t.Context(), by, code); err != nil {
		t.Fatal(err)
	}
	w.nowhereStored(secret.Text)
	if was, err := w.db.ResetTwoFactor(t.Context(), w.as(w.ada), db.KindUser, eve.ID); !was || err != nil {
		t.Fatal(was, err)
	}
	w.settled(2)
	var told string
	for _, received := range server.Inbox() {
		message := mailtest.Parse(t, received.Raw)
		told += message.To.Address + ": " + message.Text
	}
	contains(t, told, eve.Email+": ", "has been turned on", "has been turned off")
}
