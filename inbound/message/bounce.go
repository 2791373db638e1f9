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
	// Failed are the recipients that it couldn't be delivered to.
	Failed []Failure
}

// Failure is a recipient of a message that didn't get it.
type Failure struct {
	Address string
	// Diagnostic is what the recipient's server said.
	Diagnostic string
}

// bounceOf returns what a mail reports about another one; nil if it reports no failure.
func bounceOf(b *body, rest []byte) *Bounce {
	bounce := &Bounce{}
	switch {
	case b.report != nil:
		bounce.Failed = failures(b.report)
	case isQmail(rest):
		bounce.Failed, b.returned = qmailFailures(rest)
	}
	if len(bounce.Failed) == 0 {
		return nil
	}
	if returned, _ := readHeader(b.returned); len(returned) > 0 {
		if ids := messageIDs(returned.get("message-id")); len(ids) > 0 {
			bounce.MessageID = ids[0]
		}
	}
	return bounce
}

// failures reads the failed recipients of a delivery report (RFC 3464).
func failures(report []byte) []Failure {
	var failed []Failure
	for len(bytes.TrimSpace(report)) > 0 {
		var recipient header
		recipient, report = readHeader(bytes.TrimLeft(report, "\r\n"))
		if len(recipient) == 0 {
			break
		}
		if !strings.EqualFold(firstWord(recipient.get("action")), "failed") {
			continue
		}
		address := typed(recipient.get("original-recipient"))
		if address == "" {
			address = typed(recipient.get("final-recipient"))
		}
		diagnostic := typed(recipient.get("diagnostic-code"))
		if status := recipient.get("status"); diagnostic == "" {
			diagnostic = status
		}
		failed = append(failed, Failure{strings.Trim(address, "<>"), utf8Text([]byte(diagnostic))})
	}
	if len(failed) > maxParts {
		failed = failed[:maxParts]
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
	qmailAddress  = regexp.MustCompile(`(?m)^<([^<>\s]+@[^<>\s]+)>:\r?\n((?:[^\r\n]+\r?\n)+)`)
)

func isQmail(rest []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(rest, "\r\n"), qmailGreeting) }

// qmailFailures reads the failed recipients of a report by qmail, and returns the message that it is about.
func qmailFailures(rest []byte) (failed []Failure, returned []byte) {
	report, returned, _ := bytes.Cut(rest, qmailCopy)
	for _, match := range qmailAddress.FindAllSubmatch(report, maxParts) {
		failed = append(failed, Failure{string(match[1]), strings.Join(strings.Fields(utf8Text(match[2])), " ")})
	}
	returned = bytes.TrimLeft(returned, "\r\n")
	if bytes.HasPrefix(bytes.ToLower(returned), []byte("return-path:")) {
		_, returned, _ = bytes.Cut(returned, []byte("\n"))
	}
	return failed, bytes.TrimLeft(returned, "\r\n")
}
