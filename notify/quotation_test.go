package notify

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// TestQuotations checks that a message about what somebody wrote quotes the last public messages before it, and nothing else.
func TestQuotations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := mailtest.NewServer(t)
	ticket := *w.ticket
	ticket.CreatedAt = w.created
	w.insert(db.Interactions.Collection, w.interaction)
	w.insert(db.Tickets.Collection, &ticket)
	if err := w.store.Update(t.Context(), db.Customers.Collection, w.carl.ID, store.Filter{},
		[]store.Assignment{{Field: "time_zone", Value: "Asia/Kolkata"}}); err != nil {
		t.Fatal(err)
	}
	w.say(w.asCarl(), &ticket, "Hurry!\n\n<b>Now</b>", nil)
	if _, err := w.db.AddTicketNote(t.Context(), w.as(w.bob), ticket.ID, db.NewNote{BodyText: "A difficult customer."}); err != nil {
		t.Fatal(err)
	}
	w.say(w.as(w.bob), &ticket, "Water is on its way.", nil)
	w.say(w.as(w.ada), &ticket, "It is out.", nil)
	last := w.say(w.asCarl(), &ticket, "Not quite.", nil)
	w.say(w.as(w.bob), &ticket, "Now it is.", nil)
	start(t, w.db, newMailer(t, server))
	w.settled(5)
	got := map[string]string{}
	dates := regexp.MustCompile(`On (\w{3}, \d{1,2} \w{3} \d{4}, \d\d:\d\d UTC(?:[+]05:30)?), `)
	for _, m := range server.Inbox() {
		p := mailtest.Parse(t, m.Raw)
		said, text, _ := strings.Cut(p.Text, "\n\nOn ")
		text = "\nOn " + text
		at := dates.FindStringSubmatch(text)
		if at != nil && m.To == w.carl.Email && !strings.HasSuffix(at[1], "UTC+05:30") {
			t.Errorf("Carl gets the time %s", at[1])
		}
		if strings.Contains(p.Text+p.HTML, "difficult") || strings.Count(p.HTML, "<blockquote") != strings.Count(text, "wrote:") ||
			strings.Contains(p.HTML, "<b>") || !strings.HasSuffix(p.HTML, "</body>\n</html>\n") {
			t.Errorf("the HTML is %s", p.HTML)
		}
		for _, told := range []string{"Hurry!", "Water", "It is out", "Not quite", "Now it is"} {
			if strings.Contains(said, told) {
				got[told] = p.From.Name + dates.ReplaceAllString(text, "On …, ")
			}
		}
	}
	for told, want := range map[string]string{
		"Hurry!":    "Carl (customer) via CRM\nOn …, Carl wrote:\n> The printer is on fire\n",
		"Water":     "Bob via CRM\nOn …, Carl wrote:\n> Hurry!\n>\n> <b>Now</b>\n>\n> On …, Carl wrote:\n> > The printer is on fire\n",
		"It is out": "Ada via CRM\nOn …, Bob wrote:\n> Water is on its way.\n>\n> On …, Carl wrote:\n> > Hurry!\n> >\n> > <b>Now</b>\n> >\n> > On …, Carl wrote:\n> > > The printer is on fire\n",
		"Not quite": "Carl (customer) via CRM\nOn …, Ada wrote:\n> It is out.\n>\n> On …, Bob wrote:\n> > Water is on its way.\n> >\n> > On …, Carl wrote:\n> > > Hurry!\n> > >\n> > > <b>Now</b>\n",
		"Now it is": "Bob via CRM\nOn …, Carl wrote:\n> Not quite.\n>\n> On …, Ada wrote:\n> > It is out.\n> >\n> > On …, Bob wrote:\n> > > Water is on its way.\n",
	} {
		if got[told] != want {
			t.Errorf("mail about %q is by\n%s\nwant\n%s", told, got[told], want)
		}
	}
	if last.Visibility != db.MessagePublic {
		t.Errorf("a message of the customer is %s", last.Visibility)
	}
}

// TestQuotedNow checks that what is quoted, and by whom a message is, is looked up when it is sent.
func TestQuotedNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ticket := *w.ticket
	ticket.CreatedAt = w.created
	w.insert(db.Interactions.Collection, w.interaction)
	w.insert(db.Tickets.Collection, &ticket)
	long := w.say(w.asCarl(), &ticket, strings.Repeat("long ", 1000), nil)
	w.say(w.as(w.bob), &ticket, "Water is on its way.", nil)
	service := New(w.db, acceptingMailer{}, discard(), quick)
	w.planAll(service)
	var delivery *db.Delivery
	for _, d := range w.deliveries() {
		if d.Account == auth.AccountKey(auth.Customer, w.carl.ID) {
			delivery = d
		}
	}
	told := func() (string, []quoted) {
		t.Helper()
		now, err := w.db.MailedConversation(t.Context(), delivery, quotedTexts)
		if err != nil {
			t.Fatal(err)
		}
		return service.dispatcher.fromName(now.Author), service.dispatcher.quotation(now.Earlier, time.UTC)
	}
	assign := func(c *store.Collection, id store.ID, field string, value any) {
		t.Helper()
		if err := w.store.Update(t.Context(), c, id, store.Filter{}, []store.Assignment{{Field: field, Value: value}}); err != nil {
			t.Fatal(err)
		}
	}
	name, quotes := told()
	if name != "Bob via CRM" || len(quotes) != 1 || len([]rune(quotes[0].text)) != quotedLimit || !strings.HasSuffix(quotes[0].text, "…") {
		t.Errorf("it is by %q and quotes %v", name, quotes)
	}
	assign(db.TicketMessages.Collection, long.ID, "visibility", string(db.MessageInternal))
	assign(db.Users.Collection, w.bob.ID, "deactivated_at", w.created)
	if name, quotes = told(); name != "" || len(quotes) != 1 || quotes[0].text != "The printer is on fire" {
		t.Errorf("it is by %q and quotes %v", name, quotes)
	}
	assign(db.Tickets.Collection, ticket.ID, "interaction_internal", true)
	if _, quotes = told(); len(quotes) != 0 {
		t.Errorf("who doesn't see the ticket is quoted %v", quotes)
	}
}

// TestOwnWordsAroundMessages checks that the operator's words for who wrote something are used, and the built-in ones where there are none.
func TestOwnWordsAroundMessages(t *testing.T) {
	t.Parallel()
	subject := `{{define "subject"}}x{{end}}`
	by := byline{Name: "Carl", Role: db.AuthorCustomer, AppName: "Example", When: "Tue, 27 Aug 2024, 20:03 UTC"}
	for _, test := range []struct{ file, from, quoted string }{
		{subject + parts, "Carl (customer) via Example", "On Tue, 27 Aug 2024, 20:03 UTC, Carl wrote:"},
		{subject + parts + `{{define "from"}}{{.Name}} über {{.AppName}}{{end}}{{define "quoted"}}{{.Name}} schrieb, {{.When}}:{{end}}`,
			"Carl über Example", "Carl schrieb, Tue, 27 Aug 2024, 20:03 UTC:"},
	} {
		templates, err := ReadTemplates(writeFiles(t, map[string]string{"message.txt": test.file}))
		if err != nil {
			t.Fatal(err)
		}
		c := newComposer(nil, discard(), nil, Config{Templates: templates})
		if from, quoted := c.part("from", by), c.part("quoted", by); from != test.from || quoted != test.quoted {
			t.Errorf("it is from %q and quotes below %q", from, quoted)
		}
	}
	for _, wrong := range []string{`{{define "from"}}{{end}}`, `{{define "quoted"}}{{.Naem}}{{end}}`} {
		if _, err := ReadTemplates(writeFiles(t, map[string]string{"message.txt": subject + parts + wrong})); err == nil {
			t.Errorf("%s is accepted", wrong)
		}
	}
}

// TestNamesInFrom checks that names in From say who wrote a message and look like nobody else and no address.
func TestNamesInFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := New(w.db, acceptingMailer{}, discard(), quick, Configure(Config{AppName: "Example, Ltd.", Sender: "crm@example.com"})).dispatcher
	for _, test := range []struct {
		author db.Author
		want   string
	}{
		{db.Author{Name: "Ada Lovelace", Role: db.AuthorStaff}, "Ada Lovelace via Example, Ltd."},
		{db.Author{Name: "Ada Lovelace", Role: db.AuthorCustomer}, "Ada Lovelace (customer) via Example, Ltd."},
		{db.Author{Name: "Ada Lovelace via Example, Ltd.", Role: db.AuthorExternal}, "Ada Lovelace via Example, Ltd. (external) via Example, Ltd."},
		{db.Author{Name: "ceo@example.com", Role: db.AuthorCustomer}, "ceo example.com (customer) via Example, Ltd."},
		{db.Author{Name: "<ceo＠example.com>\r\nBcc: x", Role: db.AuthorExternal}, "ceo example.com Bcc: x (external) via Example, Ltd."},
		{db.Author{Name: "\u202emoc.elpmaxe", Role: db.AuthorCustomer}, "moc.elpmaxe (customer) via Example, Ltd."},
		{db.Author{Name: strings.Repeat("ü", 200), Role: db.AuthorExternal}, strings.Repeat("ü", personLimit-1) + "… (external) via Example, Ltd."},
		{db.Author{Name: "=?utf-8?q?x?=", Role: db.AuthorStaff}, "= ?utf-8?q?x?= via Example, Ltd."},
		{db.Author{Name: "@", Role: db.AuthorExternal}, ""},
		{db.Author{Name: "Dora", Role: db.AuthorStaff, Deactivated: true}, ""},
		{db.Author{}, ""},
	} {
		if got := d.fromName(test.author); got != test.want || len([]rune(got)) > mail.NameLimit {
			t.Errorf("%v is %q, want %q", test.author, got, test.want)
		}
	}
}
