package notify

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"

	"crm/db"
	"crm/notify/mail"
)

//go:embed templates
var templateFiles embed.FS

// letters writes templates: subject and first sentence by the template of the topic, around them one frame for the text
// and one for the HTML.
type templates struct {
	topics map[string]*texttemplate.Template
	text   *texttemplate.Template
	html   *htmltemplate.Template
}

// newLetters parses the templates, which are part of the program: they parse, or no test passes.
func parseTemplates() *templates {
	topic := func(name string) *texttemplate.Template {
		return texttemplate.Must(texttemplate.ParseFS(templateFiles, "templates/"+name+".txt"))
	}
	return &templates{
		topics: map[string]*texttemplate.Template{"interaction": topic("interaction"), "ticket": topic("ticket")},
		text:   texttemplate.Must(texttemplate.ParseFS(templateFiles, "templates/frame.txt")),
		html:   htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "templates/frame.html")),
	}
}

// write fills in a delivery's subject, text and HTML.
func (t *templates) write(delivery *db.Delivery, m *message) error {
	var subject, lead, text, html strings.Builder
	m.Name = delivery.RecipientName
	if err := t.topics[m.Topic].ExecuteTemplate(&subject, "subject", m); err != nil {
		return fmt.Errorf("cannot write subject: %w", err)
	}
	if err := t.topics[m.Topic].ExecuteTemplate(&lead, "lead", m); err != nil {
		return fmt.Errorf("cannot write lead: %w", err)
	}
	m.Lead = lead.String()
	if err := t.text.Execute(&text, m); err != nil {
		return fmt.Errorf("cannot write text: %w", err)
	}
	if err := t.html.Execute(&html, m); err != nil {
		return fmt.Errorf("cannot write HTML: %w", err)
	}
	delivery.Subject, delivery.Text, delivery.HTML = mail.Header(subject.String(), mail.SubjectLimit), text.String(), html.String()
	return nil
}
