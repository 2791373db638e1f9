package message

import (
	"cmp"
	"html"
	"mime"
	"regexp"
	"strings"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"
)

// multipart finds the parts that have parts.
var multipart = regexp.MustCompile(`(?i)content-type:\s*multipart/`)

// body is what the parts of a mail contain.
type body struct {
	parser      *Parser
	contentType string
	text, html  string
	attachments []Attachment
	// report is the machine's part of a delivery report, returned the message that it is about.
	report, returned []byte
	parts            int
}

// content is the text of a part. Either may be empty; if there is HTML, text says the same.
type content struct{ text, html string }

// read reads a part and those within it.
func (b *body) read(p *enmime.Part, depth int) (content, error) {
	b.parts++
	switch {
	case b.parts > maxParts:
		return content{}, errParts
	case depth > maxDepth:
		return content{}, errDepth
	case p.FirstChild == nil:
		return b.leaf(p), nil
	}
	signed := p.ContentType == "multipart/signed"
	var contents []content
	for child := p.FirstChild; child != nil; child = child.NextSibling {
		if signed && strings.HasSuffix(child.ContentType, "-signature") {
			continue // it proves what is in the mail as it came
		}
		c, err := b.read(child, depth+1)
		if err != nil {
			return content{}, err
		}
		contents = append(contents, c)
	}
	if p.ContentType == "multipart/alternative" {
		return alternative(contents), nil
	}
	return joined(contents), nil
}

// alternative returns the first plain text and the last HTML, which is the best for a program that shows HTML.
func alternative(contents []content) content {
	var chosen content
	for _, c := range contents {
		if strings.TrimSpace(chosen.text) == "" {
			chosen.text = c.text
		}
		chosen.html = cmp.Or(c.html, chosen.html)
	}
	return chosen
}

// joined returns the texts one after the other.
func joined(contents []content) content {
	var texts, pages []string
	formatted := false
	for _, c := range contents {
		if strings.TrimSpace(c.text) == "" && c.html == "" {
			continue
		}
		texts = append(texts, strings.Trim(c.text, "\n"))
		formatted = formatted || c.html != ""
		pages = append(pages, cmp.Or(c.html, "<p>"+strings.ReplaceAll(html.EscapeString(c.text), "\n", "<br>")+"</p>"))
	}
	all := content{text: strings.Join(texts, "\n\n")}
	if formatted {
		all.html = strings.Join(pages, "\n")
	}
	return all
}

// leaf reads a part without parts.
func (b *body) leaf(p *enmime.Part) content {
	if p.ContentType == "" {
		b.readDisposition(p)
	}
	attached := p.Disposition == "attachment" || p.FileName != "" && p.Disposition != ""
	switch kind := p.ContentType; {
	case kind == "message/delivery-status" || kind == "message/global-delivery-status":
		b.report = p.Content
		return content{}
	case b.contentType == "multipart/report" && (kind == "message/rfc822" || kind == "text/rfc822-headers" || kind == "message/rfc822-headers"):
		b.returned = p.Content
		return content{}
	case attached:
	case kind == "text/html":
		page := unixLines(utf8Text(p.Content))
		return content{text: textOfHTML(page), html: page}
	case kind == "text/plain", kind == "", strings.HasPrefix(kind, "multipart/"): // the latter without a boundary
		text := unixLines(utf8Text(p.Content))
		if _, parameters, err := mime.ParseMediaType(p.Header.Get("Content-Type")); err == nil && strings.EqualFold(parameters["format"], "flowed") {
			text = unflow(text, strings.EqualFold(parameters["delsp"], "yes"))
		}
		return content{text: text}
	}
	b.attach(p)
	return content{}
}

// readDisposition reads the Content-Disposition and the Content-Id of a part without a Content-Type, where enmime reads neither.
func (b *body) readDisposition(p *enmime.Part) {
	p.ContentID = strings.Trim(strings.TrimSpace(p.Header.Get("Content-Id")), "<>")
	disposition, parameters, _, err := mediatype.Parse(p.Header.Get("Content-Disposition"))
	if err != nil {
		return
	}
	p.Disposition, p.FileName = disposition, b.parser.decode(parameters["filename"])
}

// attach adds a part to the attachments.
func (b *body) attach(p *enmime.Part) {
	a := Attachment{
		Name: p.FileName, ContentType: p.ContentType, ContentID: p.ContentID, Content: p.Content,
		Inline: p.Disposition == "inline" || p.Disposition == "" && p.ContentID != "",
	}
	if a.Name == "" {
		a.Name = b.nameFor(p)
	}
	b.attachments = append(b.attachments, a)
}

// nameFor returns a name for a part that has none.
func (b *body) nameFor(p *enmime.Part) string {
	switch p.ContentType {
	case "message/rfc822", "message/global":
		head, _ := readHeader(p.Content)
		return cmp.Or(b.parser.decode(head.get("subject")), "message") + ".eml"
	case "text/calendar":
		return "invite.ics"
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return "winmail.dat"
	}
	name, _, _ := strings.Cut(p.ContentType, "/")
	if ends, err := mime.ExtensionsByType(p.ContentType); err == nil && len(ends) > 0 {
		return name + ends[len(ends)-1]
	}
	return cmp.Or(name, "file")
}

// unixLines ends each line with "\n", and replaces what no text has.
func unixLines(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "", "\ufeff", "").Replace(text)
}

// unflow joins the lines of a text that its program has broken (RFC 3676). Quoted lines stay as they are.
func unflow(text string, deleteSpace bool) string {
	var joined strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		quoted := strings.HasPrefix(line, ">")
		if !quoted {
			line = strings.TrimPrefix(line, " ") // stuffed
		}
		soft := strings.HasSuffix(line, " ") && line != signatureMark && !quoted
		if soft && deleteSpace {
			line = strings.TrimSuffix(line, " ")
		}
		joined.WriteString(line)
		if !soft {
			joined.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(joined.String(), "\n")
}
