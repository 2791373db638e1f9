package mail

import (
	"net/textproto"
	"testing"
)

// replies are replies of mail servers with a code, about the sender and about the recipient.
var replies = []struct {
	code int
	sender,
	recipient []string
}{
	{530, []string{"5.7.0 Authentication Required", "5.7.0 Must issue a STARTTLS command first", "go away"}, nil},
	{535, []string{"5.7.8 Error: authentication failed", "Username and Password not accepted"}, nil},
	{450, []string{"4.1.8 <crm@example.com>: Sender address rejected: Domain not found"}, []string{
		"4.2.0 <carl@example.com>: Recipient address rejected: Greylisted",
	}},
	{454, []string{"4.7.1 <carl@example.com>: Relay access denied"}, nil},
	{504, []string{"5.5.2 <[10.0.0.1]>: Helo command rejected: need fully-qualified hostname"}, nil},
	{550, []string{
		"relay not permitted",
		"5.7.1 Unable to relay",
		"5.7.1 <carl@example.com>... Relaying denied",
		"5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
		"5.7.1 <crm@example.com>: Sender address rejected: not owned by user crm",
		"Verification failed for <crm@example.com>\nNo Such User Here\nSender verify failed",
		"The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
		"5.7.60 SMTP; Client does not have permissions to send as this sender",
		"5.1.8 Access denied, bad outbound sender",
		"5.7.23 <carl@example.com>: Recipient address rejected: Message rejected due to: SPF fail - not authorized",
		"5.7.26 This mail has been blocked because the sender is unauthenticated.",
		"5.4.5 Daily user sending quota exceeded.",
		"address not verified",
	}, []string{
		"5.1.1 <carl@example.com>: Recipient address rejected: User unknown in relay recipient table",
		"User unknown in relay recipient table",
		"5.1.1 The email account that you tried to reach does not exist.",
		"No such user here (relay=relay.example.com)",
		"<relay@sender.example>: mailbox disabled",
		"Recipient address rejected: unverified address",
		"5.4.1 Recipient address rejected: Access denied. [sender.relay.example.com]",
		"5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed because the sender was not authenticated",
		"5.7.1 Our system has detected that this message is likely unsolicited mail.",
	}},
	{552, nil, []string{"5.2.2 mailbox quota exceeded", "5.3.4 Message size exceeds fixed limit"}},
	{553, []string{
		"5.1.8 <crm@example.com>... Domain of sender address does not exist",
		"Email address is not verified", "sender is unknown",
	}, []string{"5.1.3 bad recipient address syntax"}},
	{554, []string{
		"5.7.1 <carl@example.com>: Relay access denied",
		"Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: crm@example.com",
		"5.2.252 SendAsDenied; crm@example.com not allowed to send as sales@example.com",
		"5.7.1 Service unavailable; Client host [10.0.0.1] blocked using zen.spamhaus.org",
	}, []string{"5.7.1 spam", "Transaction failed", "5.7.1 <carl@example.com>: Recipient address rejected: Access denied"}},
}

// TestBlamesSender checks whose fault the replies of well-known servers to a recipient or a message are.
func TestBlamesSender(t *testing.T) {
	t.Parallel()
	for _, test := range replies {
		for _, text := range test.sender {
			if !blamesSender(&textproto.Error{Code: test.code, Msg: text}) {
				t.Errorf("%d %s is the recipient's fault, want the sender's", test.code, text)
			}
		}
		for _, text := range test.recipient {
			if blamesSender(&textproto.Error{Code: test.code, Msg: text}) {
				t.Errorf("%d %s is the sender's fault, want the recipient's", test.code, text)
			}
		}
	}
}
