package notify

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	texttemplate "text/template"

	"crm/config"
	"crm/db"
	"crm/notify/mail"
)

//go:embed templates
var templateFiles embed.FS

// Templates write messages. Each topic has a template that says what happened; one frame for text and one for HTML are
// wrapped around that. The data of all of them is a message.
type Templates struct {
	topics map[string]*texttemplate.Template
	text   *texttemplate.Template
	html   *htmltemplate.Template
}

// functions are what templates can call.
var functions = map[string]any{"excerpt": excerpt, "words": words, "priority": priority, "number": number, "lines": lines, "commas": commas}

// builtInTemplates returns the embedded templates. It panics if one doesn't parse.
func builtInTemplates() *Templates {
	t, err := parseTemplates(builtInFiles())
	if err != nil {
		panic(err)
	}
	return t
}

func builtInFiles() fs.FS {
	files, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		panic(err)
	}
	return files
}

// ReadTemplates reads the operator's templates from a folder. Those that it lacks are the built-in ones. Each is tried with
// samples, so that a mistake is found before there is anything to send.
func ReadTemplates(folder string) (*Templates, error) {
	if err := checkNames(folder); err != nil {
		return nil, err
	}
	t, err := parseTemplates(overlay{os.DirFS(folder), builtInFiles()})
	if err != nil {
		return nil, err
	}
	return t, t.try()
}

// checkNames reports templates that would never be used, because their name is wrong.
func checkNames(folder string) error {
	known, err := fs.Glob(builtInFiles(), "*")
	if err != nil {
		return err
	}
	found, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("cannot read the folder: %w", config.WithoutPath(err))
	}
	used := false
	for _, file := range found {
		switch extension := path.Ext(file.Name()); {
		case slices.Contains(known, file.Name()):
			used = true
		case extension == ".txt" || extension == ".html":
			return fmt.Errorf("%s is not the name of a template; the names are %s", file.Name(), strings.Join(known, ", "))
		}
	}
	if !used {
		return fmt.Errorf("the folder has none of the templates %s", strings.Join(known, ", "))
	}
	return nil
}

// overlay has the files of over, and those of base that over lacks.
type overlay struct{ over, base fs.FS }

// Open implements fs.FS.
func (o overlay) Open(name string) (fs.File, error) {
	file, err := o.over.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o.base.Open(name)
	}
	return file, err
}

func parseTemplates(files fs.FS) (*Templates, error) {
	t := &Templates{topics: map[string]*texttemplate.Template{}}
	var err error
	if t.text, err = texttemplate.New("frame.txt").Funcs(functions).ParseFS(files, "frame.txt"); err != nil {
		return nil, err
	}
	if t.html, err = htmltemplate.New("frame.html").Funcs(functions).ParseFS(files, "frame.html"); err != nil {
		return nil, err
	}
	for _, row := range table() {
		file := row.topic + ".txt"
		if t.topics[row.topic], err = texttemplate.New(file).Funcs(functions).ParseFS(files, file); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// messageTopic is the topic of messages that contain what somebody wrote on a ticket.
const messageTopic = "message"

// part writes a text about a person, which is defined in message.txt; found says that it is.
func (t *Templates) part(name string, data byline) (text string, found bool, err error) {
	if found = t.topics[messageTopic].Lookup(name) != nil; !found {
		return "", false, nil
	}
	var written strings.Builder
	if err := t.topics[messageTopic].ExecuteTemplate(&written, name, data); err != nil {
		return "", false, fmt.Errorf("cannot write %s: %w", name, err)
	}
	return written.String(), true, nil
}

// templates returns the operator's templates, or without any the built-in ones.
func (c *composer) templates() *Templates {
	if own := c.config.Templates; own != nil {
		return own
	}
	return c.builtIn()
}

// part writes a text about a person. If the operator's templates have none, or fail, the built-in one writes it.
func (c *composer) part(name string, data byline) string {
	text, found, err := c.templates().part(name, data)
	if err != nil {
		c.log.Error("a mail template failed; the built-in one was used", "template", name, "error", err)
	}
	if found {
		return text
	}
	text, _, _ = c.builtIn().part(name, data) // a test writes them
	return text
}

// write fills in a delivery's subject, text and HTML. The output of the topic's template is untrusted.
func (t *Templates) write(delivery *db.Delivery, topic string, m *message) error {
	m.RecipientName, m.Facts = delivery.RecipientName, nil
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
