package db

import (
	"time"

	"crm/db/store"
)

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
	ID      store.ID
	EventID store.ID
	// EntityID is the interaction or ticket that the message is about.
	EntityID store.ID
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
	Lease     store.ID
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
var Deliveries = &store.Collection{
	Name: "deliveries",
	Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "event_id", Type: store.TypeID},
		{Name: "entity_id", Type: store.TypeID},
		{Name: "channel", Type: store.TypeString},
		{Name: "recipient", Type: store.TypeString},
		{Name: "recipient_name", Type: store.TypeString},
		{Name: "message_id", Type: store.TypeString},
		{Name: "subject", Type: store.TypeString},
		{Name: "text", Type: store.TypeString},
		{Name: "html", Type: store.TypeString},
		{Name: "status", Type: store.TypeString},
		{Name: "attempts", Type: store.TypeInt},
		{Name: "last_error", Type: store.TypeString, Nullable: true},
		{Name: "next_attempt_at", Type: store.TypeTime},
		{Name: "lease", Type: store.TypeID},
		{Name: "created_at", Type: store.TypeTime},
		{Name: "sent_at", Type: store.TypeTime, Nullable: true},
	},
	Indexes: []store.Index{
		{Name: "deliveries_due", Keys: []store.Key{{Field: "status"}, {Field: "next_attempt_at"}, {Field: "_id"}}},
		{Name: "deliveries_entity", Keys: []store.Key{{Field: "entity_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "deliveries_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
	},
}

// PendingUntil returns when the delivery is tried next, nil unless it is pending.
func (d *Delivery) PendingUntil() *time.Time {
	if d.Status != DeliveryPending {
		return nil
	}
	return &d.NextAttemptAt
}
