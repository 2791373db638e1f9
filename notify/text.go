package notify

import "crm/notify/mail"

// The most runes that a message shows of a text.
const (
	titleLimit   = 200
	excerptLimit = 60
	proseLimit   = 10_000
	errorLimit   = 500
)

// optionalLine is mail.Line for a text that may be missing.
func optionalLine(text *string) string {
	if text == nil {
		return ""
	}
	return mail.Line(*text, titleLimit)
}
