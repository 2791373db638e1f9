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

// templates write messages. Each topic has a template that says what happened; one frame for text and one for HTML are
// wrapped around that.
type templates struct {
	topics map[string]*texttemplate.Template
	text   *texttemplate.Template
	html   *htmltemplate.Template
}

// parseTemplates parses the embedded templates. It panics if one doesn't parse.
func parseTemplates(table []announcement) *templates {
	t := &templates{
		topics: map[string]*texttemplate.Template{},
		text:   texttemplate.Must(texttemplate.ParseFS(templateFiles, "templates/frame.txt")),
		html:   htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "templates/frame.html")),
	}
	functions := texttemplate.FuncMap{"excerpt": excerpt, "words": words, "priority": priority, "span": span, "number": number}
	for _, row := range table {
		file := row.topic + ".txt"
		t.topics[row.topic] = texttemplate.Must(
			texttemplate.New(file).Funcs(functions).ParseFS(templateFiles, "templates/"+file))
	}
	return t
}

// write fills in a delivery's subject, text and HTML. The output of the topic's template is untrusted.
func (t *templates) write(delivery *db.Delivery, topic string, m *message) error {
	m.RecipientName = delivery.RecipientName
	parts := map[string]string{}
	for _, part := range []string{"subject", "lead", "facts", "description"} {
		var written strings.Builder
		if err := t.topics[topic].ExecuteTemplate(&written, part, m); err != nil {
			return fmt.Errorf("cannot write %s: %w", part, err)
		}
		parts[part] = written.String()
	}
	m.Lead, m.Description = mail.Line(parts["lead"], leadLimit), mail.Prose(parts["description"], descriptionLimit)
	var text, html strings.Builder
	if err := t.text.Execute(&text, m); err != nil {
		return fmt.Errorf("cannot write text: %w", err)
	}
	if err := t.html.Execute(&html, m); err != nil {
		return fmt.Errorf("cannot write HTML: %w", err)
	}
	delivery.Subject, delivery.Text, delivery.HTML = mail.Header(parts["subject"], mail.SubjectLimit), text.String(), html.String()
	return nil
}
