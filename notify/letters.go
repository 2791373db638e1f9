package notify

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"

	"crm/db"
)

//go:embed templates
var templates embed.FS

// letters writes letters: subject and first sentence by the template of the topic, around them one frame for the text
// and one for the HTML.
type letters struct {
	topics map[string]*texttemplate.Template
	text   *texttemplate.Template
	html   *htmltemplate.Template
}

// newLetters parses the templates, which are part of the program: they parse, or no test passes.
func newLetters() *letters {
	topic := func(name string) *texttemplate.Template {
		return texttemplate.Must(texttemplate.ParseFS(templates, "templates/"+name+".txt"))
	}
	return &letters{
		topics: map[string]*texttemplate.Template{"interaction": topic("interaction"), "ticket": topic("ticket")},
		text:   texttemplate.Must(texttemplate.ParseFS(templates, "templates/frame.txt")),
		html:   htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/frame.html")),
	}
}

// write fills in a delivery's subject, text and HTML.
func (t *letters) write(delivery *db.Delivery, l *letter) error {
	var subject, lead, text, html strings.Builder
	l.Name = delivery.RecipientName
	if err := t.topics[l.Topic].ExecuteTemplate(&subject, "subject", l); err != nil {
		return fmt.Errorf("cannot write subject: %w", err)
	}
	if err := t.topics[l.Topic].ExecuteTemplate(&lead, "lead", l); err != nil {
		return fmt.Errorf("cannot write lead: %w", err)
	}
	l.Lead = lead.String()
	if err := t.text.Execute(&text, l); err != nil {
		return fmt.Errorf("cannot write text: %w", err)
	}
	if err := t.html.Execute(&html, l); err != nil {
		return fmt.Errorf("cannot write HTML: %w", err)
	}
	delivery.Subject, delivery.Text, delivery.HTML = header(subject.String(), subjectLimit), text.String(), html.String()
	return nil
}
