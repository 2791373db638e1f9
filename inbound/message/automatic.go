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

// replyFields are fields that only automatic answers have.
var replyFields = []string{"x-autoreply", "x-autoreply-from", "x-mail-autoreply", "x-autorespond", "x-autoresponder", "x-autoresponse"}

// saysReply reports whether a header calls a mail an automatic answer, in one of the ways from before RFC 3834.
func (h header) saysReply() bool {
	for _, name := range []string{"precedence", "x-precedence", "preference"} {
		if slices.Contains([]string{"auto_reply", "auto-reply"}, strings.ToLower(h.get(name))) {
			return true
		}
	}
	return slices.ContainsFunc(replyFields, h.has) || strings.EqualFold(h.get("x-auto-response"), "yes") ||
		strings.EqualFold(h.get("delivered-to"), "autoresponder")
}

// automatic returns why a mail with this header and type isn't answered (RFC 3834, RFC 2919, and what programs wrote before).
func (h header) automatic(contentType string) Automatic {
	submitted, _, _ := strings.Cut(strings.ToLower(h.get("auto-submitted")), ";")
	submitted = firstWord(submitted)
	precedence := strings.ToLower(h.get("precedence"))
	switch {
	case contentType == "multipart/report", h.has("x-failed-recipients"):
		return AutomaticBounce
	case submitted == "auto-replied", h.saysReply():
		return AutomaticReply
	case submitted != "" && submitted != "no":
		return AutomaticMail
	case h.has("list-id"), h.has("list-unsubscribe"), h.has("list-post"), precedence == "list":
		return AutomaticList
	case slices.Contains([]string{"bulk", "junk"}, precedence), h.has("x-loop"), h.get("return-path") == "<>",
		strings.EqualFold(h.get("x-auto-response-suppress"), "all"): // what Exchange answers itself; helpdesks mark what people write with less
		return AutomaticMail
	}
	return ""
}
