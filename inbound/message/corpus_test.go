package message_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crm/inbound/message"
)

// readMail reads a mail of the corpus, which has mail as these programs write it, by persons who don't exist.
func readMail(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestCorpus checks what is read as the author's text in each mail of the corpus: it is in the file beside it.
func TestCorpus(t *testing.T) {
	t.Parallel()
	mails, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(mails) < 60 {
		t.Fatalf("there are %d mails, error %v", len(mails), err)
	}
	parser := message.NewParser()
	for _, path := range mails {
		name := strings.TrimSuffix(filepath.Base(path), ".eml")
		m := parser.Parse(readMail(t, name))
		want, err := os.ReadFile(strings.TrimSuffix(path, ".eml") + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if m.Text != strings.TrimSpace(string(want)) || m.Problem != "" {
			t.Errorf("%s: the text is %q, want %q; problem: %q", name, m.Text, strings.TrimSpace(string(want)), m.Problem)
		}
		if m.From.Email == "" {
			t.Errorf("%s has no author", name)
		}
	}
}

// TestWhoWroteIt checks which mails of the corpus are taken for automatic ones.
func TestWhoWroteIt(t *testing.T) {
	t.Parallel()
	automatic := map[string]message.Automatic{
		"gmail-vacation-responder": message.AutomaticReply, "365-automatic-reply": message.AutomaticMail, "ses-notification": message.AutomaticMail,
		"lotus-out-of-office": message.AutomaticMail, "mailman-list": message.AutomaticList,
		"postfix-bounce": message.AutomaticBounce, "postfix-delayed": message.AutomaticBounce, "exchange-undeliverable": message.AutomaticBounce,
		"ses-bounce": message.AutomaticBounce, "exim-bounce": message.AutomaticBounce, "lotus-domino-bounce": message.AutomaticBounce,
		"qmail-bounce": message.AutomaticBounce,
	}
	mails, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	parser := message.NewParser()
	for _, path := range mails {
		name := strings.TrimSuffix(filepath.Base(path), ".eml")
		if got := parser.Parse(readMail(t, name)).Automatic; got != automatic[name] {
			t.Errorf("%s is automatic: %q, want %q", name, got, automatic[name])
		}
	}
}

// TestBounces checks whose mail the reports in the corpus say has failed, and why.
func TestBounces(t *testing.T) {
	t.Parallel()
	parser := message.NewParser()
	for name, why := range map[string]string{
		"postfix-bounce":         "550 5.1.1 <jane.doe@customer.example>: Recipient address rejected: User unknown",
		"exchange-undeliverable": "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient jane.doe@customer.example not found by SMTP address lookup",
		"ses-bounce":             "550 5.1.1 user unknown",
		"exim-bounce":            "552 mailbox is full",
		"lotus-domino-bounce":    "User jane (jane.doe@customer.example) not listed in Domino Directory",
		"qmail-bounce":           "Sorry, no mailbox here by that name. (#5.1.1)",
		"postfix-delayed":        "",
	} {
		b := parser.Parse(readMail(t, name)).Bounce
		if why == "" {
			if b != nil {
				t.Errorf("%s reports a failure: %v", name, b)
			}
			continue
		}
		if b == nil || !slices.Equal(b.Diagnostics, []string{why}) || b.MessageID != "65f02b1e9c3f4a0012ab34cd@crm.example" {
			t.Errorf("%s reports %+v", name, b)
		}
	}
}

// TestAttachments checks what is attached to mails of the corpus, and how it is named.
func TestAttachments(t *testing.T) {
	t.Parallel()
	parser := message.NewParser()
	for name, want := range map[string]string{
		"outlook-desktop-winmail":          "winmail.dat application/ms-tnef",
		"365-invitation":                   "invite.ics text/calendar",
		"apple-mail-picture-between-texts": "tray.png image/png inline",
		"ios-mail-photo-only":              "image0.jpeg image/jpeg inline",
		"nested-message":                   "Order 4711.eml message/rfc822",
		"attachment-only":                  "scan.pdf application/pdf",
		"html-with-image-link-and-list":    "photo.png image/png photo1 inline",
		"thunderbird-openpgp-signed":       "",
		"postfix-bounce":                   "",
		"gmail-en":                         "",
	} {
		var got []string
		for _, a := range parser.Parse(readMail(t, name)).Attachments {
			described := strings.Join(strings.Fields(a.Name+" "+a.ContentType+" "+a.ContentID), " ")
			if a.Inline {
				described += " inline"
			}
			if len(a.Content) == 0 {
				t.Errorf("%s: %s is empty", name, a.Name)
			}
			got = append(got, described)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
}

// TestEnvelope checks what else is read from the header.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	parser := message.NewParser()
	m := parser.Parse(readMail(t, "gmail-ja"))
	if m.From != (message.Address{Name: "佐藤 花子", Email: "sato@customer.example"}) || m.ID != "CAF=abcja123@mail.gmail.example" ||
		m.Subject != "Re: [#7] The printer is on fire" || m.Date.Format("15:04:05") != "09:32:07" {
		t.Errorf("the mail is by %+v, %s, %s, %s", m.From, m.ID, m.Subject, m.Date)
	}
	if !slices.Equal(m.InReplyTo, []string{"65f02b1e9c3f4a0012ab34cd@crm.example"}) ||
		!slices.Equal(m.References, []string{"65f02b1e9c3f4a0012ab34cd@crm.example", "65f02b1e9c3f4a0012ab0001@crm.example"}) ||
		!slices.Equal(m.Addressees, []string{"support@crm.example"}) || !slices.Equal(m.DeliveredTo, []string{"support@crm.example"}) {
		t.Errorf("it answers %v in %v, to %v, by %v", m.InReplyTo, m.References, m.Addressees, m.DeliveredTo)
	}
	for name, want := range map[string]message.Address{
		"outlook-desktop-plain-de":     {Name: "Müller, Jürgen", Email: "j.mueller@kunde.example"},
		"broken-raw-8bit-header":       {Name: "Hélène Dupont", Email: "helene@client.example"},
		"thunderbird-iso-2022-jp":      {Name: "佐藤", Email: "sato@customer.example"},
		"charset-gb18030":              {Name: "王芳", Email: "wang@customer.example"},
		"no-header-but-from":           {Email: "jane.doe@customer.example"},
		"lotus-notes-de":               {Name: "Jürgen Müller", Email: "j.mueller@kunde.example"},
		"outlook-desktop-html-only-fr": {Name: "Hélène Dupont", Email: "helene@client.example"},
	} {
		if got := parser.Parse(readMail(t, name)).From; got != want {
			t.Errorf("%s is by %+v, want %+v", name, got, want)
		}
	}
}
