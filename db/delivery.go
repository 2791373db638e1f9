package db

import "time"

// DeliveryStatus says how a delivery stands.
type DeliveryStatus string

// The states, as they are stored.
const (
	DeliveryPending DeliveryStatus = "pending"
	DeliverySent    DeliveryStatus = "sent"
	DeliveryFailed  DeliveryStatus = "failed"
)

// Delivery is one message to one recipient that follows from an event. Its ID derives from event, channel and
// recipient, so that planning an event twice makes it once.
type Delivery struct {
	ID      ID
	EventID ID
	// EntityID is the interaction or ticket that the message is about.
	EntityID ID
	// Channel is how it goes out: "mail".
	Channel string
	// Recipient is the address, RecipientName the name beside it.
	Recipient     string
	RecipientName string
	// MessageID is the RFC 5322 Message-ID without its angle brackets; every try has the same.
	MessageID string
	Subject   string
	Text      string
	HTML      string
	Status    DeliveryStatus
	// Attempts counts the tries whose outcome is known.
	Attempts  int
	LastError *string
	// NextAttemptAt is when a pending delivery is due; while a worker has it, when its lease ends.
	NextAttemptAt time.Time
	// Lease is the claim of the worker that has it; only its holder may say how the try went.
	Lease     ID
	CreatedAt time.Time
	SentAt    *time.Time
}

// Pointers implements Document.
func (d *Delivery) Pointers(into []any) []any {
	return append(into,
		&d.ID, &d.EventID, &d.EntityID, &d.Channel, &d.Recipient, &d.RecipientName, &d.MessageID, &d.Subject, &d.Text,
		&d.HTML, (*string)(&d.Status), &d.Attempts, &d.LastError, &d.NextAttemptAt, &d.Lease, &d.CreatedAt, &d.SentAt,
	)
}

// Deliveries is the collection of the deliveries.
var Deliveries = &Collection{
	Name: "deliveries",
	Fields: []Field{
		{Name: "_id", Type: TypeID},
		{Name: "event_id", Type: TypeID},
		{Name: "entity_id", Type: TypeID},
		{Name: "channel", Type: TypeString},
		{Name: "recipient", Type: TypeString},
		{Name: "recipient_name", Type: TypeString},
		{Name: "message_id", Type: TypeString},
		{Name: "subject", Type: TypeString},
		{Name: "text", Type: TypeString},
		{Name: "html", Type: TypeString},
		{Name: "status", Type: TypeString},
		{Name: "attempts", Type: TypeInt},
		{Name: "last_error", Type: TypeString, Nullable: true},
		{Name: "next_attempt_at", Type: TypeTime},
		{Name: "lease", Type: TypeID},
		{Name: "created_at", Type: TypeTime},
		{Name: "sent_at", Type: TypeTime, Nullable: true},
	},
	Indexes: []Index{
		{Name: "deliveries_due", Keys: []Key{{Field: "status"}, {Field: "next_attempt_at"}, {Field: "_id"}}},
		{Name: "deliveries_entity", Keys: []Key{{Field: "entity_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "deliveries_created", Keys: []Key{{Field: "created_at"}, {Field: "_id"}}},
	},
}

// PendingUntil returns when the delivery is tried next, nil unless it is pending.
func (d *Delivery) PendingUntil() *time.Time {
	if d.Status != DeliveryPending {
		return nil
	}
	return &d.NextAttemptAt
}
