// Package message reads mail as it comes from anywhere: who wrote it, what that person wrote without what their mail program
// added, what is attached, and whether a person wrote it at all. It knows neither tickets nor where the mail comes from.
package message

import (
	"bytes"
	"errors"
	"mime"
	"strings"
	"time"

	"github.com/jhillyerd/enmime/v2"
	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html/charset"
)

// The limits of a mail. The doors refuse one that is larger; one with more parts, or more deeply nested ones, is shown as it came.
const (
	MaxBytes = 25 << 20
	maxParts = 100
	maxDepth = 20
)

// Message is a mail.
type Message struct {
	// ID is the Message-ID without its angle brackets; senders may leave it out, and it may be anybody's.
	ID string
	// InReplyTo and References are the ids of the messages that it answers, the closest ones first.
	InReplyTo, References []string
	// From wrote it, as far as its header says so.
	From Address
	// Addressees are those in To and Cc, whom everybody who got it sees, and DeliveredTo the addresses that only the receiving servers name.
	Addressees, DeliveredTo []string
	Subject                 string
	// Date is when it was sent, zero if it doesn't say so.
	Date time.Time
	// Text is what the author wrote, without quoted messages and signatures as far as these can be told apart from it.
	Text string
	// FullText is all of the text.
	FullText string
	// HTML is the text as sanitized HTML; empty if there is only plain text. Images have no src: data-cid names a part of the
	// mail, data-remote-src an address elsewhere.
	HTML        string
	Attachments []Attachment
	// Automatic says why a program must have written it; empty if a person may have.
	Automatic Automatic
	// Bounce is not nil if it reports that another message couldn't be delivered.
	Bounce *Bounce
	// Problem says why it can't be read, so that its text is the mail as it came; empty if it can.
	Problem string

	header header
}

// Address is a mailbox with the name to display.
type Address struct{ Name, Email string }

// Attachment is a part that isn't the text.
type Attachment struct {
	// Name is the file's name as the sender gave it, or one for its type; it may contain anything.
	Name string
	// ContentType is the type that the sender says it has.
	ContentType string
	// ContentID is the id by which the HTML refers to it; empty if it has none.
	ContentID string
	// Inline says that it is shown within the text.
	Inline  bool
	Content []byte
}

// Parser reads mail. It may be used concurrently.
type Parser struct {
	mime   *enmime.Parser
	policy *bluemonday.Policy
	words  *mime.WordDecoder
}

// NewParser returns a Parser.
func NewParser() *Parser {
	return &Parser{
		mime: enmime.NewParser(
			enmime.SkipMalformedParts(true), enmime.MultipartWOBoundaryAsSinglePart(true), enmime.MaxStoredPartErrors(1),
			enmime.SetReadPartErrorPolicy(enmime.AllowCorruptTextPartErrorPolicy), enmime.StripMediaTypeInvalidCharacters(true),
			enmime.DisableCharacterDetection(true), enmime.DisableTextConversion(true),
		),
		policy: sanitizer(),
		words:  &mime.WordDecoder{CharsetReader: charset.NewReaderLabel},
	}
}

var (
	errParts = errors.New("it has too many parts")
	errDepth = errors.New("its parts are nested too deeply")
)

// Parse reads a mail as it came. It never fails: what can't be read is shown as it came, with the Problem.
func (p *Parser) Parse(raw []byte) *Message {
	head, rest := readHeader(raw)
	m := &Message{header: head}
	p.readEnvelope(m)
	body, err := p.readBody(raw)
	if err != nil {
		m.Problem = err.Error()
		m.FullText = readable(raw)
		m.Text = m.FullText
		m.Automatic = head.automatic("")
		return m
	}
	m.FullText, m.Attachments = strings.TrimSpace(body.text), body.attachments
	m.HTML = p.sanitize(body.html)
	m.Text = written(m.FullText, isForward(m.Subject))
	m.Bounce = bounceOf(body, rest)
	m.Automatic = head.automatic(body.contentType)
	if m.Bounce != nil {
		m.Automatic = AutomaticBounce
	}
	return m
}

// readEnvelope reads who wrote the mail, to whom, and what it answers.
func (p *Parser) readEnvelope(m *Message) {
	h := m.header
	if from := p.addresses(h.get("from")); len(from) > 0 {
		m.From = from[0]
	} else if sender := p.addresses(h.get("sender")); len(sender) > 0 {
		m.From = sender[0]
	}
	m.Subject = p.decode(h.get("subject"))
	m.Date = parseDate(h.get("date"))
	if ids := messageIDs(h.get("message-id")); len(ids) > 0 {
		m.ID = ids[0]
	}
	m.InReplyTo = messageIDs(h.get("in-reply-to"))
	m.References = lastFirst(messageIDs(strings.Join(h.all("references"), " ")))
	m.DeliveredTo = p.emails(h, "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "resent-to")
	m.Addressees = p.emails(h, "to", "cc")
}

// emails returns the addresses in fields of a header.
func (p *Parser) emails(h header, names ...string) []string {
	left := maxValue
	var found []string
	for _, name := range names {
		for _, value := range h.all(name) {
			value = cut(value, left)
			left -= len(value)
			for _, a := range p.addresses(value) {
				found = append(found, a.Email)
			}
		}
	}
	return found
}

// readBody reads the parts of a mail.
func (p *Parser) readBody(raw []byte) (*body, error) {
	// The parts of a part pass through its reader, so that depth would cost much before it could be counted.
	if nested := len(multipart.FindAllIndex(raw, 2*maxDepth+1)); nested > 2*maxDepth {
		return nil, errDepth
	}
	// So do many parts. Not every line that begins like one is one.
	if bytes.Count(raw, []byte("\n--")) > 100*maxParts {
		return nil, errParts
	}
	root, err := p.mime.ReadParts(bytes.NewReader(raw))
	if err != nil {
		return nil, errors.New("its parts can't be told apart")
	}
	b := &body{parser: p, contentType: root.ContentType}
	content, err := b.read(root, 0)
	if err != nil {
		return nil, err
	}
	b.text, b.html = content.text, content.html
	return b, nil
}
