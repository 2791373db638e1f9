package mail

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
)

// PermanentError says that a message can never be sent to its recipient.
type PermanentError struct{ Err error }

// Error returns the text of the cause.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PermanentError) Unwrap() error { return e.Err }

// SenderError says that the mail server accepts no mail from this sender: its address, its log-in or its network is
// refused, or the configuration doesn't fit the server. The operator can mend that, and then the message can be sent.
type SenderError struct{ Err error }

// Error returns the text of the cause.
func (e *SenderError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *SenderError) Unwrap() error { return e.Err }

// refused returns the error for a failed step of a session, in which the server refused what: a SenderError if its reply speaks
// of the sender, a PermanentError if it speaks of the recipient or the message, and another error if it may accept that later.
func refused(what string, err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return fmt.Errorf("the mail session failed at %s: %w", what, err)
	}
	err = fmt.Errorf("the mail server refused %s: %w", what, err)
	switch {
	case blamesSender(reply):
		return &SenderError{err}
	case isPermanent(reply):
		return &PermanentError{err}
	}
	return err
}

// refusedSender is refused for a step that concerns only the sender, whose fault every permanent refusal then is.
func refusedSender(what string, err error) error {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		permanent   *PermanentError
	)
	switch result := refused(what, err); {
	case errors.As(result, &permanent):
		return &SenderError{permanent.Err}
	case errors.As(err, &certificate), errors.As(err, &record):
		return &SenderError{result}
	default:
		return result
	}
}

func isPermanent(reply *textproto.Error) bool { return reply.Code >= 500 && reply.Code <= 599 }

// Servers reply with the same few codes to very different faults. The enhanced status code (RFC 3463) decides where it is
// unambiguous, and the words elsewhere.
var (
	enhancedCode = regexp.MustCompile(`^[45]\.(\d{1,3}\.\d{1,3})\b`)

	// senderCodes are about the sender: its address (1.7, 1.8), its log-in and encryption (7.8 to 7.14), and what proves
	// that it may use its domain (7.20 to 7.27).
	senderCodes = regexp.MustCompile(`^(1\.[78]|7\.([89]|1[0134]|2[0-7]))$`)
	// recipientCodes are about the recipient: its address, its mailbox, and whom it accepts mail from (7.2, and 7.12x and
	// 7.13x of Exchange).
	recipientCodes = regexp.MustCompile(`^(1\.([1-6]|9|10)|2\.\d|7\.(2|1[23]\d))$`)

	// quoted matches what a reply quotes: addresses, hosts, links and codes. Their words say nothing about the fault.
	quoted = regexp.MustCompile(`<[^>]*>|\S*(@|://)\S*|\b[\w-]+(\.[\w-]+)+\b`)
	// relayWords are about the sender, who may not send to other servers' users, unless others say that a user doesn't exist.
	relayWords  = regexp.MustCompile(`(?i)\brelay(ing)?\b`)
	unknownUser = regexp.MustCompile(`(?i)\b(user unknown|unknown user|no such (user|mailbox|recipient|person))\b`)
	// senderWords are about the sender, even beside others: permissions, then proofs, networks and quotas.
	senderWords = regexp.MustCompile(`(?i)\bsender|\b(un)?authenticat|\bunauthori[sz]ed\b|\bsend ?as|\bmail from\b` +
		`|\b(from|return|envelope|source)[- ](address|path|domain|header)\b|\breverse[- ]path\b|\blog ?in first\b|\bSTARTTLS\b` +
		`|\b(spf|dkim|dmarc|helo|ehlo|rbl|dnsbl|spamhaus)\b|\b(block|black|deny) ?list|\bblocked using\b|\b(client|sending) (host|ip|server)\b` +
		`|\byour (ip|host|server|account|network|domain)\b|\b(daily|hourly|sending) (user )?(sending )?(quota|limit)`)
	// uncertainWords are about the sender, unless others speak of a recipient.
	uncertainWords = regexp.MustCompile(`(?i)\b(not|un)[- ]?(verified|confirmed)\b|\bverif(y|ication) (failed|required)\b` +
		`|\bnot (authori[sz]ed|permitted|allowed) to send\b`)
	recipientWords = regexp.MustCompile(`(?i)\brecipient|\bmailbox\b`)
)

// blamesSender reports whether a refusal is the sender's fault.
func blamesSender(reply *textproto.Error) bool {
	switch reply.Code {
	case 530, 534, 535, 538: // RFC 4954
		return true
	}
	if code := enhancedCode.FindStringSubmatch(reply.Msg); code != nil {
		switch {
		case senderCodes.MatchString(code[1]):
			return true
		case recipientCodes.MatchString(code[1]):
			return false
		}
	}
	words := quoted.ReplaceAllString(strings.ReplaceAll(reply.Msg, "\n", " "), " ")
	return senderWords.MatchString(words) ||
		relayWords.MatchString(words) && !unknownUser.MatchString(words) ||
		uncertainWords.MatchString(words) && !recipientWords.MatchString(words)
}
