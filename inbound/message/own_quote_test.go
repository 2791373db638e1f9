package message_test

import (
	"strings"
	"testing"

	"crm/inbound/message"
)

// mailed is a message about a reply as package notify writes it, with what it quotes.
const mailed = `Now it is out.

Status: resolved

Open in Example: https://crm.example.com/tickets/tkt_1

On Tue, 27 Aug 2024, 22:03 UTC+02:00, Carl wrote:
> Not quite.
>
> It smokes.
>
> On Mon, 26 Aug 2024, 9:00 UTC+02:00, Zoë Quinn, Dept. of Fire wrote:
> > Water is on its way.
> >
> > On Mon, 26 Aug 2024, 8:00 UTC+02:00, Carl wrote:
> > > The printer is on fire
`

const mailedHTML = `<html><body><p dir="auto">Now it is out.</p>
<p>Status: <bdi>resolved</bdi><br><a href="https://crm.example.com/tickets/tkt_1">Open in Example</a></p>
<p dir="auto">On Tue, 27 Aug 2024, 22:03 UTC+02:00, Carl wrote:</p>
<blockquote type="cite" dir="auto"><p dir="auto">Not quite.<br>
<br>
It smokes.</p>
<p dir="auto">On Mon, 26 Aug 2024, 9:00 UTC+02:00, Zoë Quinn, Dept. of Fire wrote:</p>
<blockquote type="cite" dir="auto"><p dir="auto">Water is on its way.</p></blockquote></blockquote></body></html>`

// TestOwnQuotations checks that of an answer to a message that quotes others, only the answer is read, however the mail program
// quotes that.
func TestOwnQuotations(t *testing.T) {
	t.Parallel()
	const answer = "Thank you, it works again.\n\nCarl"
	behind := func(prefix string) string {
		lines := strings.Split(strings.TrimSuffix(mailed, "\n"), "\n")
		for i, line := range lines {
			if lines[i] = prefix + line; strings.HasPrefix(line, ">") && prefix != "" {
				lines[i] = ">" + line
			}
		}
		return strings.Join(lines, "\n")
	}
	const attribution = "On Wed, Aug 28, 2024 at 10:12 AM Bob via Example <support+abc@example.com>\nwrote:\n\n"
	_, onlyQuoted, _ := strings.Cut(mailed, "tickets/tkt_1\n\n")
	for what, body := range map[string]string{
		"Gmail":                                     answer + "\n\n" + attribution + behind("> ") + "\n",
		"a program that leaves quotations out":      answer + "\n\n" + attribution + strings.Split(behind("> "), "\n> On ")[0] + "\n",
		"Outlook":                                   answer + "\n\nFrom: Bob via Example <support+abc@example.com>\nSent: Wednesday, August 28, 2024 10:12 AM\nTo: Carl <carl@customer.example>\nSubject: [#7] The printer is on fire\n\n" + mailed,
		"a program that marks nothing":              answer + "\n\n" + attribution + mailed,
		"what is quoted, and nothing else of it":    answer + "\n\n" + onlyQuoted,
		"a signature, and what is quoted below":     answer + "\n\n-- \nCarl Example\n\n" + onlyQuoted,
		"below what is quoted":                      attribution + behind("> ") + "\n\n" + answer + "\n",
		"one level deeper, by a program between us": answer + "\n\n" + attribution + strings.ReplaceAll(behind("> "), "\n>", "\n>>") + "\n",
	} {
		raw := "From: carl@customer.example\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n" + body
		if got := message.NewParser().Parse([]byte(raw)).Text; got != answer {
			t.Errorf("%s: the text is %q", what, got)
		}
	}
	html := "From: carl@customer.example\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" +
		`<div>Thank you, it works again.<br><br>Carl</div><div class="gmail_quote"><div class="gmail_attr">On Wed, Aug 28, 2024 at 10:12 AM Bob via Example &lt;<a href="mailto:s@example.com">s@example.com</a>&gt; wrote:</div><blockquote>` + mailedHTML + `</blockquote></div>`
	if got := message.NewParser().Parse([]byte(html)).Text; got != answer {
		t.Errorf("in HTML, the text is %q", got)
	}
}
