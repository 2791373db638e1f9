package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crm/db"
	"crm/notify/mail"
)

// writeFiles writes files to a new folder, and returns its path.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const parts = `{{define "lead"}}lead{{end}}{{define "facts"}}{{end}}{{define "description"}}{{end}}`

// TestOwnTemplates checks that the operator's templates are used, and the built-in ones for the rest.
func TestOwnTemplates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	templates, err := ReadTemplates(writeFiles(t, map[string]string{
		"ticket.txt": `{{define "subject"}}Neues Ticket von {{.CustomerName .Entity.CustomerID}}{{end}}` + parts,
		"frame.html": `<html lang="de"><p>{{.Lead}}</p><p>{{.AppName}}</p></html>`,
		"notes.md":   "not a template",
	}))
	if err != nil {
		t.Fatal(err)
	}
	deliveries, err := composeWith(w, Config{Templates: templates}, w.event(db.EventTicketCreated, w.as(w.ada), content{Ticket: w.ticket}))
	if err != nil || len(deliveries) == 0 {
		t.Fatalf("deliveries %v, error %v", deliveries, err)
	}
	d := deliveries[0]
	if d.Subject != "Neues Ticket von Carl" || d.HTML != `<html lang="de"><p>lead</p><p>CRM</p></html>` {
		t.Errorf("subject %q, HTML %q", d.Subject, d.HTML)
	}
	contains(t, d.Text, "Hello Carl,\n\nlead\n")
}

// TestOwnFrames checks that the operator's frames are used around what somebody wrote, too, and get all that they may show.
func TestOwnFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.insert(db.Interactions.Collection, w.interaction)
	w.insert(db.Tickets.Collection, w.ticket)
	frame := "Guten Tag {{.RecipientName}}, {{.Lead}}{{range .Facts}} {{.Label}}={{.Value}}{{end}} {{.Description}}"
	templates, err := ReadTemplates(writeFiles(t, map[string]string{"frame.txt": frame, "frame.html": "<p>" + frame + "</p>"}))
	if err != nil {
		t.Fatal(err)
	}
	resolved := db.TicketResolved
	w.say(w.as(w.bob), w.ticket, "It is out.", &resolved)
	w.planAll(New(w.db, mail.Development{}, discard(), quick, Configure(Config{Templates: templates})))
	for _, d := range w.deliveries() {
		if want := "Guten Tag Carl, Bob wrote: Status=resolved It is out."; d.Text != want || d.HTML != "<p>"+want+"</p>" {
			t.Errorf("the text is %q, the HTML %q", d.Text, d.HTML)
		}
	}
}

// TestFrames checks what is around the text that somebody wrote: nothing before it but what the reader has to know.
func TestFrames(t *testing.T) {
	t.Parallel()
	about := sampleContext()
	for _, test := range []struct {
		what       string
		message    message
		text, html string
	}{
		{
			"a reply", message{Entity: &db.TicketMessage{TicketID: sampleTicket, AuthorID: &sampleUser, BodyText: "One\n\nTwo <b>"}, Link: "https://crm.example/t"},
			"One\n\nTwo <b>\n\nOpen in CRM: https://crm.example/t\n",
			"#ffffff\">\n<p dir=\"auto\">One<br>\n<br>\nTwo &lt;b&gt;</p>\n<p style=\"color:#595959;font-size:14px\"><a href=\"https://crm.example/t\">Open in CRM</a></p>\n</body>",
		},
		{
			"one that resolves the ticket", message{Entity: &db.TicketMessage{AuthorID: &sampleUser, BodyText: "One", MovesTo: db.TicketResolved}},
			"One\n\nStatus: resolved\n", "<p dir=\"auto\">One</p>\n<p style=\"color:#595959;font-size:14px\">Status: <bdi>resolved</bdi><br>\n</p>\n</body>",
		},
		{"a copy", message{Entity: &db.TicketMessage{AuthorID: &sampleUser, BodyText: "One"}}, "One\n", "#ffffff\">\n<p dir=\"auto\">One</p>\n</body>"},
		{
			"a note", message{News: newsMentioned, Entity: &db.TicketMessage{AuthorID: &sampleUser, BodyText: "One"}},
			"Ravi named you in a note, which customers don't see:\n\nOne\n", "customers don&#39;t see:</p>\n<p dir=\"auto\">One</p>\n</body>",
		},
		{
			"by a stranger", message{Entity: &db.TicketMessage{ExternalEmail: "eve@evil.example", BodyText: "One"}},
			"eve@evil.example (the address may be forged) wrote:\n\nOne\n", "forged) wrote:</p>\n<p dir=\"auto\">One</p>\n</body>",
		},
	} {
		test.message.mailContext, test.message.AppName = about, DefaultAppName
		delivery := &db.Delivery{RecipientName: "Asha"}
		if err := builtInTemplates().write(delivery, messageTopic, &test.message); err != nil {
			t.Fatal(err)
		}
		if delivery.Text != test.text || !strings.Contains(delivery.HTML, test.html) {
			t.Errorf("%s: the text is %q, the HTML\n%s", test.what, delivery.Text, delivery.HTML)
		}
	}
}

// TestWrongTemplates checks that mistakes are found when the templates are read, with the file and the line.
func TestWrongTemplates(t *testing.T) {
	t.Parallel()
	subject := `{{define "subject"}}x{{end}}`
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no template":        {map[string]string{"notes.md": ""}, "has none of the templates account.txt, frame.html, frame.txt, interaction.txt, message.txt, ticket.txt"},
		"misspelt name":      {map[string]string{"tickets.txt": subject + parts, "frame.txt": ""}, "tickets.txt is not the name of a template"},
		"syntax":             {map[string]string{"ticket.txt": subject + "\n{{if}}" + parts}, "ticket.txt:2"},
		"syntax of HTML":     {map[string]string{"frame.html": "<a href='{{.Link'>"}, "frame.html:1"},
		"unsafe HTML":        {map[string]string{"frame.html": "<a href='{{if .Link}}'>{{end}}"}, "frame.html"},
		"missing part":       {map[string]string{"ticket.txt": parts}, `"subject"`},
		"empty subject":      {map[string]string{"ticket.txt": `{{define "subject"}}{{end}}` + parts}, "ticket.txt writes no subject when something is created"},
		"unknown field":      {map[string]string{"interaction.txt": `{{define "subject"}}{{.Entity.Name}}{{end}}` + parts}, "interaction.txt:1"},
		"unknown function":   {map[string]string{"interaction.txt": `{{define "subject"}}{{upper "x"}}{{end}}` + parts}, `"upper"`},
		"only of other kind": {map[string]string{"interaction.txt": `{{define "subject"}}{{if eq .News "cancelled"}}{{.Entity.Priority}}{{else}}x{{end}}{{end}}` + parts}, "interaction.txt:1"},
	} {
		_, err := ReadTemplates(writeFiles(t, test.files))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if _, err := ReadTemplates(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("an absent folder is read")
	}
}

// TestFailingTemplate checks that a template that fails on a document loses no mail: the built-in one writes it.
func TestFailingTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	templates, err := ReadTemplates(writeFiles(t, map[string]string{
		"interaction.txt": `{{define "subject"}}{{if eq .Entity.Title "Bad"}}{{index .Facts 99}}{{else}}{{.Entity.Title}}{{end}}{{end}}` + parts,
	}))
	if err != nil {
		t.Fatal(err)
	}
	w.announceToCarl("Bad")
	w.announceToCarl("Good")
	log := new(transcript)
	run(t, New(w.db, mail.Development{}, log.logger(), quick, Configure(Config{Templates: templates})))
	var subjects []string
	for _, d := range w.settled(2) {
		subjects = append(subjects, d.Subject)
	}
	if got := strings.Join(subjects, ", "); got != "Good, New meeting: Bad" && got != "New meeting: Bad, Good" {
		t.Errorf("the subjects are %s", got)
	}
	contains(t, log.String(), "a mail template failed", "topic=interaction", "interaction.txt:1")
}
