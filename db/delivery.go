package db

import (
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// DeliveryStatus is the state of a delivery.
type DeliveryStatus string

// The states, as they are stored.
const (
	DeliveryPending    DeliveryStatus = "pending"
	DeliverySent       DeliveryStatus = "sent"
	DeliveryFailed     DeliveryStatus = "failed"
	DeliveryKept       DeliveryStatus = "kept"
	DeliveryCancelled  DeliveryStatus = "cancelled"
	DeliverySuperseded DeliveryStatus = "superseded"
)

// Delivery is one message to one recipient about an event. Its ID derives from event, channel and recipient, so that
// planning an event twice creates it once.
type Delivery struct {
	ID      store.ID `db:"_id"`
	EventID store.ID `db:"event_id"`
	// EventType is the event's type; deliveries of earlier versions lack it.
	EventType string `db:"event_type"`
	// Seq is the event's seq, which orders the deliveries about one document to one account; it is zero in deliveries of
	// earlier versions.
	Seq int `db:"seq"`
	// EntityID is the interaction or ticket that the message is about; for what somebody wrote on a ticket, the ticket.
	EntityID store.ID `db:"entity_id" belongs:"Interaction.deliveries,keep Ticket.deliveries,keep"`
	// Account is the key of the account that the message goes to; deliveries of earlier versions lack it, as do links to sign up.
	Account auth.AudienceKey `db:"account"`
	// CopyTo is the key of the address that gets a copy of what Account is sent; empty if the message is to Account itself.
	CopyTo string `db:"copy_to,personal"`
	// ReplyTo is the account that gets the replies to the message; deliveries of earlier versions lack it.
	ReplyTo auth.AudienceKey `db:"reply_to"`
	// News is what the message tells, and Changed are the fields that it says have changed, separated by spaces. Both also
	// cover the messages that it supersedes. Deliveries of earlier versions lack them.
	News    string `db:"news"`
	Changed string `db:"changed"`
	// SupersededBy is the later delivery that made this one pointless.
	SupersededBy *store.ID `db:"superseded_by" belongs:"Delivery,keep"`
	// Channel is how it is sent: "mail".
	Channel string `db:"channel"`
	// Recipient is the address, RecipientName the display name.
	Recipient     string `db:"recipient,personal"`
	RecipientName string `db:"recipient_name,personal"`
	// MessageID is the RFC 5322 Message-ID without its angle brackets; it is the same for every attempt.
	MessageID string         `db:"message_id"`
	Subject   string         `db:"subject,personal"`
	Text      string         `db:"text,personal"`
	HTML      string         `db:"html,personal"`
	Status    DeliveryStatus `db:"status"`
	// Attempts counts the attempts whose outcome is known.
	Attempts  int     `db:"attempts"`
	LastError *string `db:"last_error,personal"`
	// HeldAt is since when the mail server has refused the message for a reason that the operator can mend.
	HeldAt *time.Time `db:"held_at"`
	// NextAttemptAt is when a pending delivery is due or, while a worker has claimed it, when its lease ends.
	NextAttemptAt time.Time `db:"next_attempt_at"`
	// Lease identifies the claim of a worker; only its holder may record the outcome of the attempt.
	Lease     store.ID   `db:"lease"`
	CreatedAt time.Time  `db:"created_at"`
	SentAt    *time.Time `db:"sent_at"`
	// BouncedAt is when a server reported that it couldn't deliver the message, after it had accepted it.
	BouncedAt *time.Time `db:"bounced_at"`
}

// verbFailed is the verb that only deliveries have.
const verbFailed = "failed"

// Deliveries declares the messages about events. Staff see the deliveries of the interactions and tickets that they
// see; see VisibleDeliveries.
var Deliveries = entity.Declare(entity.Declaration[Delivery]{
	Kind: "dlv", Name: "deliveries", Noun: "delivery",
	Volatile: true,
	Visible:  []entity.Grant{entity.ToStaff()},
	Verbs:    []string{verbFailed},
	Computed: map[string][]string{"nextAttemptAt": {"status", "next_attempt_at"}},
	Indexes: []store.Index{
		{Name: "deliveries_due", Keys: []store.Key{{Field: "status"}, {Field: "next_attempt_at"}, {Field: "_id"}}},
		{Name: "deliveries_entity", Keys: []store.Key{{Field: "entity_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "deliveries_account", Keys: []store.Key{{Field: "account"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "deliveries_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
	},
})

// TellsOfDeletion reports whether the message is about a deletion, possibly together with its recipient's account.
func (d *Delivery) TellsOfDeletion() bool { return IsDeletion(d.EventType) }

// IsCopy reports whether the message is a copy, to somebody else than its account.
func (d *Delivery) IsCopy() bool { return d.CopyTo != "" }

// PendingUntil returns when the delivery is tried next, nil unless it is pending.
func (d *Delivery) PendingUntil() *time.Time {
	if d.Status != DeliveryPending {
		return nil
	}
	return &d.NextAttemptAt
}
