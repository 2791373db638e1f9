package message

import (
	"bytes"
	"regexp"
	"strings"
)

// Bounce is a report that a message couldn't be delivered.
type Bounce struct {
	// MessageID is the id of that message; empty if the report doesn't contain it.
	MessageID string
	// Diagnostics are what the servers of those recipients said that it couldn't be delivered to.
	Diagnostics []string
}

// bounceOf returns what a mail reports about another one; nil if it reports no failure.
func bounceOf(b *body, rest []byte) *Bounce {
	bounce := &Bounce{}
	switch {
	case b.report != nil:
		bounce.Diagnostics = failures(b.report)
	case isQmail(rest):
		bounce.Diagnostics, b.returned = qmailFailures(rest)
	}
	if len(bounce.Diagnostics) == 0 {
		return nil
	}
	if returned, _ := readHeader(b.returned); len(returned) > 0 {
		if ids := messageIDs(returned.get("message-id")); len(ids) > 0 {
			bounce.MessageID = ids[0]
		}
	}
	return bounce
}

// failures reads what a delivery report (RFC 3464) says about the recipients that a message couldn't be delivered to.
func failures(report []byte) []string {
	var failed []string
	report = bytes.TrimSpace(report)
	for len(report) > 0 && len(failed) < maxParts {
		var recipient header
		recipient, report = readHeader(bytes.TrimLeft(report, "\r\n"))
		if len(recipient) == 0 {
			break
		}
		if !strings.EqualFold(firstWord(recipient.get("action")), "failed") {
			continue
		}
		diagnostic := typed(recipient.get("diagnostic-code"))
		if status := recipient.get("status"); diagnostic == "" {
			diagnostic = status
		}
		failed = append(failed, utf8Text([]byte(diagnostic)))
	}
	return failed
}

// typed returns a value without the type before it: "rfc822; jane@example.com".
func typed(value string) string {
	if _, text, found := strings.Cut(value, ";"); found {
		return strings.TrimSpace(text)
	}
	return strings.TrimSpace(value)
}

// qmail's reports begin and continue like this, whatever else is in them.
var (
	qmailGreeting = []byte("Hi. This is the qmail-send program at ")
	qmailCopy     = []byte("--- Below this line is a copy of the message.")
	qmailAddress  = regexp.MustCompile(`(?m)^<[^<>\s]+@[^<>\s]+>:\r?\n((?:[^\r\n]+\r?\n)+)`)
)

func isQmail(rest []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(rest, "\r\n"), qmailGreeting) }

// qmailFailures reads what a report by qmail says about the recipients, and returns the message that it is about.
func qmailFailures(rest []byte) (failed []string, returned []byte) {
	report, returned, _ := bytes.Cut(rest, qmailCopy)
	for _, match := range qmailAddress.FindAllSubmatch(report, maxParts) {
		failed = append(failed, strings.Join(strings.Fields(utf8Text(match[1])), " "))
	}
	returned = bytes.TrimLeft(returned, "\r\n")
	if bytes.HasPrefix(bytes.ToLower(returned), []byte("return-path:")) {
		_, returned, _ = bytes.Cut(returned, []byte("\n"))
	}
	return failed, bytes.TrimLeft(returned, "\r\n")
}
