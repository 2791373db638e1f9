package message

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// The elements that begin a line, those that have a line before and after them, too, and those that have no text.
var (
	lineElements = elements("div address article aside center dd dl dt fieldset figure footer form header li main nav ol section " +
		"table tbody thead tr ul blockquote pre hr h1 h2 h3 h4 h5 h6 p")
	spacedElements = elements("blockquote h1 h2 h3 h4 h5 h6 ol p pre table ul")
	hiddenElements = elements("head script style title template noscript svg object")
)

func elements(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}

// isSignature matches the classes and ids by which mail programs mark signatures.
var isSignature = regexp.MustCompile(`(?i)^(gmail_signature|moz-signature|signature|ms-outlook-mobile-signature|applemailsignature|protonmail_signature_block)$`)

// textOfHTML returns the text of HTML as a mail program writes it: paragraphs apart, quoted messages behind ">".
func textOfHTML(page string) string {
	w := &textWriter{}
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		switch token := z.Token(); kind {
		case html.TextToken:
			w.text(token.Data)
		case html.StartTagToken:
			w.open(token)
		case html.SelfClosingTagToken:
			w.open(token)
			if !voidElements[token.Data] {
				w.close(token)
			}
		case html.EndTagToken:
			w.close(token)
		}
	}
	w.endLine()
	return strings.Trim(w.out.String(), "\n")
}

var voidElements = elements("br hr img input meta link area base col embed source track wbr")

// textWriter writes the lines of a text.
type textWriter struct {
	out  strings.Builder
	line strings.Builder
	// quotes is how many quotations the text is in, hidden how many elements without text, pre how many that keep their lines.
	quotes, hidden, pre int
	// gap says that the next line stands apart; space that the next word does.
	gap, space bool
	// address is that of the link that the text is in, begun where its text begins in the line.
	address string
	begun   int
}

func (w *textWriter) text(text string) {
	switch {
	case w.hidden > 0:
	case w.pre > 0:
		for i, line := range strings.Split(text, "\n") {
			if i > 0 {
				w.newLine()
			}
			w.line.WriteString(line)
		}
	default:
		w.words(text)
	}
}

// words writes words with one space between them; a space that mustn't break stays one.
func (w *textWriter) words(text string) {
	for _, r := range text {
		switch r {
		case ' ', '\t', '\n', '\r', '\f':
			w.space = w.line.Len() > 0
			continue
		case '\u00a0':
			r = ' '
		}
		if w.space {
			w.line.WriteByte(' ')
			w.space = false
		}
		w.line.WriteRune(r)
	}
}

func (w *textWriter) open(token html.Token) {
	name := token.Data
	if hiddenElements[name] {
		w.hidden++
		return
	}
	if lineElements[name] {
		w.endLine()
		w.gap = w.gap || spacedElements[name] && !strings.HasPrefix(attribute(token, "class"), "Mso")
	}
	if isSignature.MatchString(attribute(token, "id")) || isSignature.MatchString(firstWord(attribute(token, "class"))) {
		w.endLine()
		w.signature()
	}
	switch name {
	case "br":
		w.newLine()
	case "hr":
		w.line.WriteString(strings.Repeat("_", 32))
		w.endLine()
	case "li":
		w.line.WriteString("- ")
	case "td", "th":
		w.space = w.line.Len() > 0
	case "img":
		if alt := strings.TrimSpace(attribute(token, "alt")); alt != "" && w.hidden == 0 {
			w.words("[" + alt + "]")
		}
	case "blockquote":
		w.quotes++
	case "pre":
		w.pre++
	case "a":
		w.address, w.begun = attribute(token, "href"), w.line.Len()
	}
}

func (w *textWriter) close(token html.Token) {
	name := token.Data
	switch {
	case hiddenElements[name]:
		w.hidden = max(0, w.hidden-1)
		return
	case name == "a":
		w.link()
	}
	if lineElements[name] {
		w.endLine()
		w.gap = w.gap || spacedElements[name] && name != "p" || name == "p" && w.gap
	}
	switch name {
	case "blockquote":
		w.quotes = max(0, w.quotes-1)
		w.gap = true
	case "pre":
		w.pre = max(0, w.pre-1)
	}
}

// link writes where a link leads, unless its text says so.
func (w *textWriter) link() {
	address := strings.TrimSpace(w.address)
	w.address = ""
	lower := strings.ToLower(address)
	if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") || w.begun > w.line.Len() || w.hidden > 0 {
		return
	}
	shown := strings.ToLower(strings.TrimSpace(w.line.String()[w.begun:]))
	bare := strings.TrimSuffix(lower[strings.Index(lower, "://")+3:], "/")
	if shown == "" || strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(shown, "http://"), "https://"), "/") == bare {
		return
	}
	w.line.WriteString(" <" + address + ">")
}

// signature writes the line above a signature, unless the mail program has done so.
func (w *textWriter) signature() {
	if written := w.out.String(); !strings.HasSuffix(strings.TrimRight(written, "\n"), "\n"+signatureMark) {
		w.line.WriteString(signatureMark)
		w.newLine()
	}
}

// endLine ends the line if there is anything in it.
func (w *textWriter) endLine() {
	if w.line.Len() > 0 {
		w.newLine()
	}
}

// newLine ends the line.
func (w *textWriter) newLine() {
	prefix := strings.Repeat("> ", min(w.quotes, maxDepth))
	if w.gap && w.out.Len() > 0 && w.line.Len() > 0 && !strings.HasSuffix(w.out.String(), "\n\n") {
		w.out.WriteString(strings.TrimRight(prefix, " ") + "\n")
	}
	if w.line.Len() > 0 {
		w.gap = false
	}
	line := strings.TrimRight(prefix+w.line.String(), " \t")
	if dashes := w.line.String(); dashes == signatureMark || dashes+" " == signatureMark && w.space {
		line = prefix + signatureMark
	}
	w.out.WriteString(line + "\n")
	w.line.Reset()
	w.space = false
}

func attribute(token html.Token, name string) string {
	for _, a := range token.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return word
}
