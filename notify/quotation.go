package notify

import (
	"html"
	"strings"
	"time"

	"crm/db"
	"crm/notify/mail"
)

// How much of the conversation a message quotes below what it tells: the last texts, and their characters in all.
const (
	quotedTexts = 3
	quotedLimit = 2000
)

// quoted is a text that a message quotes, below who wrote it and when. What was written before that is within it, as mail programs
// quote; package inbound/message leaves it out of an answer again.
type quoted struct {
	attribution string
	text        string
}

// quotation returns the texts that a message quotes, the last first, with times in the recipient's time zone.
func (d *dispatcher) quotation(earlier []db.MailedText, zone *time.Location) []quoted {
	var quotes []quoted
	for room := quotedLimit; len(earlier) > 0 && room > 0; earlier = earlier[1:] {
		said := earlier[0]
		text := mail.Prose(said.Text, room)
		room -= len([]rune(text))
		name := personName(said.Author.Name)
		if name == "" {
			name = "somebody"
		}
		attribution := d.composer.part("quoted", byline{
			Name: name, Role: said.Author.Role, AppName: d.composer.config.AppName, When: moment(said.WrittenAt.In(zone)),
		})
		quotes = append(quotes, quoted{mail.Line(attribution, leadLimit), text})
	}
	return quotes
}

// withQuotation adds a quotation below a message's text, and in its HTML if it has any.
func withQuotation(m *mail.Message, quotes []quoted) {
	if len(quotes) == 0 {
		return
	}
	m.Text = strings.TrimRight(m.Text, "\n") + "\n\n" + textQuotation(quotes)
	if m.HTML == "" {
		return
	}
	end := len(m.HTML)
	for _, tag := range []string{"</html>", "</body>"} {
		if i := strings.LastIndex(m.HTML, tag); i >= 0 {
			end = i
		}
	}
	m.HTML = m.HTML[:end] + htmlQuotation(quotes) + m.HTML[end:]
}

// textQuotation returns a quotation behind "> ", with one more for each text within another.
func textQuotation(quotes []quoted) string {
	var text strings.Builder
	line := func(depth int, line string) {
		text.WriteString(strings.TrimRight(strings.Repeat("> ", depth)+line, " ") + "\n")
	}
	for depth, q := range quotes {
		if depth > 0 {
			line(depth, "")
		}
		line(depth, q.attribution)
		for _, l := range strings.Split(q.text, "\n") {
			line(depth+1, l)
		}
	}
	return text.String()
}

// htmlQuotation returns a quotation as quotes within each other.
func htmlQuotation(quotes []quoted) string {
	const start = `<blockquote type="cite" dir="auto" style="margin:0 0 0 4px;padding:0 0 0 12px;border-left:2px solid #c4c4c4;color:#595959">`
	var page strings.Builder
	for _, q := range quotes {
		page.WriteString(`<p dir="auto">` + html.EscapeString(q.attribution) + "</p>\n" + start + "\n<p dir=\"auto\">" +
			strings.ReplaceAll(html.EscapeString(q.text), "\n", "<br>\n") + "</p>\n")
	}
	return page.String() + strings.Repeat("</blockquote>\n", len(quotes))
}
