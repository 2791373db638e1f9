package message

import (
	"slices"
	"strings"
)

// Automatic says by what a mail is recognized that no person wrote.
type Automatic string

// The kinds of automatic mail.
const (
	// AutomaticReply answers another mail, such as that somebody is on holiday.
	AutomaticReply Automatic = "reply"
	// AutomaticMail is sent by a program, without another mail.
	AutomaticMail Automatic = "generated"
	// AutomaticList is sent to many.
	AutomaticList Automatic = "list"
	// AutomaticBounce reports what became of another mail.
	AutomaticBounce Automatic = "bounce"
)

// automatic returns why a mail with this header and type isn't answered (RFC 3834, RFC 2919, and what programs wrote before).
func (h header) automatic(contentType string) Automatic {
	submitted, _, _ := strings.Cut(strings.ToLower(h.get("auto-submitted")), ";")
	submitted = firstWord(submitted)
	precedence := strings.ToLower(h.get("precedence"))
	switch {
	case contentType == "multipart/report", h.has("x-failed-recipients"):
		return AutomaticBounce
	case submitted == "auto-replied", precedence == "auto_reply", h.has("x-autoreply"), h.has("x-autorespond"), h.has("x-autoresponder"),
		strings.EqualFold(h.get("x-auto-response"), "yes"):
		return AutomaticReply
	case submitted != "" && submitted != "no":
		return AutomaticMail
	case h.has("list-id"), h.has("list-unsubscribe"), h.has("list-post"), precedence == "list":
		return AutomaticList
	case slices.Contains([]string{"bulk", "junk"}, precedence), h.has("x-loop"), h.get("return-path") == "<>":
		return AutomaticMail
	}
	return ""
}
