package db

import (
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// MailOutcome is what has become of a mail that came.
type MailOutcome string

// The outcomes, as they are stored.
const (
	// MailRaised says that it raised a ticket, MailWritten that it is a message on one.
	MailRaised  MailOutcome = "ticket"
	MailWritten MailOutcome = "message"
	// MailBounced says that it reported that another mail couldn't be delivered.
	MailBounced MailOutcome = "bounce"
	// MailIgnored says that nothing followed from it, MailRejected that its sender is told so.
	MailIgnored  MailOutcome = "ignored"
	MailRejected MailOutcome = "rejected"
)

// ReceivedMail is a mail that came. It is written when all that follows from the mail has been written, so that a mail that comes
// again, after whatever interruption, does nothing new: a ticket or message has the same id as its mail, which is derived from the
// mail itself.
type ReceivedMail struct {
	ID      store.ID    `db:"_id"`
	Outcome MailOutcome `db:"outcome,few"`
	// Reason says why nothing followed from it.
	Reason string `db:"reason"`
	// TicketID is the ticket that it raised or that its message is on.
	TicketID *store.ID `db:"ticket_id" belongs:"Ticket,cascade"`
	// MessageID is the one that its sender's program gave it, empty if it has none. It needn't be unique.
	MessageID string `db:"message_id"`
	// FromEmail and FromName are the sender, as far as the mail says so.
	FromEmail string `db:"from_email,personal"`
	FromName  string `db:"from_name,personal"`
	Subject   string `db:"subject,personal"`
	// HTML is its text as sanitized HTML; empty if it has only plain text.
	HTML string `db:"html,personal"`
	// Verification says whether the sender's address is right: VerifiedSender, RefutedSender, or empty if that isn't known.
	Verification string `db:"verification"`
	// Automatic says by what it was recognized that a program wrote it; empty if a person may have.
	Automatic string `db:"automatic"`
	// Problem says why it couldn't be read; empty if it could.
	Problem string `db:"problem"`
	// Size is its number of bytes.
	Size      int       `db:"size"`
	CreatedAt time.Time `db:"created_at"`
	Version   int       `db:"version" default:"1"`

	fromKey string `db:"from_key" key:"FromEmail,fold"`
}

// The receiving host's verdicts on the sender of a mail.
const (
	VerifiedSender = "verified"
	RefutedSender  = "refuted"
)

// ReceivedMails declares the mails that came. Only admins see them; other staff see what MailEnvelope has, of those by which the tickets
// and messages came that they see.
var ReceivedMails = entity.Declare(entity.Declaration[ReceivedMail]{
	Kind: "rml", Name: "received_mails", Noun: "mail",
	Volatile: true,
	Computed: map[string][]string{"senderVerified": {"verification"}},
	Indexes: []store.Index{
		{Name: "received_mails_ticket", Keys: []store.Key{{Field: "ticket_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "received_mails_message", Keys: []store.Key{{Field: "message_id"}, {Field: "_id"}}},
		{Name: "received_mails_outcome", Keys: []store.Key{{Field: "outcome"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "received_mails_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
	},
})

// MailEnvelope returns the fields of a mail without its text.
func MailEnvelope() store.Fields {
	return ReceivedMails.Select("from_email", "from_name", "subject", "message_id", "verification", "automatic", "problem", "size", "created_at")
}

// SenderVerified reports whether the sender's address is right, nil if that isn't known.
func (m *ReceivedMail) SenderVerified() *bool { return isVerified(m.Verification) }

func isVerified(verification string) *bool {
	if verification == "" {
		return nil
	}
	return new(verification == VerifiedSender)
}
