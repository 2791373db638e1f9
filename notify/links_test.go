package notify

import (
	"strings"
	"testing"

	"crm/db"
)

// TestLinks checks the addresses of records for the routes that front ends have.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ base, path, want string }{
		{"https://crm.example.com", "", "https://crm.example.com/tickets/tkt_1"},
		{"https://crm.example.com/", "", "https://crm.example.com/tickets/tkt_1"},
		{"http://localhost:5173/app/", "/{type}/{id}", "http://localhost:5173/app/ticket/tkt_1"},
		{"https://crm.example.com", "/#/{type}s/{id}", "https://crm.example.com/#/tickets/tkt_1"},
		{"https://crm.example.com", "/open?id={id}&kind={type}", "https://crm.example.com/open?id=tkt_1&kind=ticket"},
		{"", "/{id}", ""},
	} {
		base, err := ParsePublicURL(test.base)
		path, pathErr := ParseLinkPath(test.path)
		if err != nil || pathErr != nil {
			t.Fatalf("%s, %s: errors %v, %v", test.base, test.path, err, pathErr)
		}
		if got := NewLinks(base, path, "").to("ticket", "tkt_1"); got != test.want {
			t.Errorf("%s with %s gives %s, want %s", test.base, test.path, got, test.want)
		}
	}
	for _, text := range []string{
		"crm.example.com", "/app", "ftp://crm.example.com", "https://", "https://:80", "https://user:secret@crm.example.com",
		"https://crm.example.com?x=1", "https://crm.example.com#x", "https://crm example.com", "javascript:alert(1)",
	} {
		if got, err := ParsePublicURL(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s is read as %q, error %v", text, got, err)
		}
	}
	for _, text := range []string{"/tickets", "tickets/{id}", "/{kind}/{id}", "/{id", "/{id}}", "/{ID}", "/a b/{id}"} {
		if got, err := ParseLinkPath(text); err == nil {
			t.Errorf("%s is read as %q", text, got)
		}
	}
}

// TestLinkInMessage checks that messages link to their record, unless it is deleted, and name the product.
func TestLinkInMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := Config{AppName: "Acme & Co", Links: NewLinks("https://crm.example.com", "/{type}s/{id}?from=mail&x=1", "")}
	link := "https://crm.example.com/tickets/" + w.ticket.GlobalID() + "?from=mail&x=1"
	for kind, linked := range map[string]bool{db.EventTicketCreated: true, db.EventTicketDeleted: false} {
		deliveries, err := composeWith(w, config, w.event(kind, w.as(w.ada), content{Ticket: w.ticket}))
		if err != nil || len(deliveries) == 0 {
			t.Fatalf("%s: deliveries %v, error %v", kind, deliveries, err)
		}
		d := deliveries[0]
		if got := strings.Contains(d.Text, "\nOpen in Acme & Co: "+link+"\n"); got != linked {
			t.Errorf("%s: the text is\n%s", kind, d.Text)
		}
		html := `<a href="` + strings.ReplaceAll(link, "&", "&amp;") + `">Open in Acme &amp; Co</a>`
		if got := strings.Contains(d.HTML, html); got != linked || strings.Contains(d.HTML, "<a ") != linked {
			t.Errorf("%s: the HTML is\n%s", kind, d.HTML)
		}
		contains(t, d.Text, "sent automatically by Acme & Co.")
		contains(t, d.HTML, `<html lang="en" dir="ltr">`, `<p dir="auto">`)
	}
}
