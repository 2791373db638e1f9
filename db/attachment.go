package db

import (
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// Attachment is a file of a ticket, or of a message on it. Its content has the attachment's id as its key.
type Attachment struct {
	ID       store.ID `db:"_id"`
	TicketID store.ID `db:"ticket_id" belongs:"Ticket.attachments,cascade"`
	// MessageID is the message's. An attachment is removed after its message, see removeMessage.
	MessageID *store.ID `db:"message_id" belongs:"TicketMessage.attachments,keep"`
	// AuthorID is the user who attached it, nil if the customer did.
	AuthorID *store.ID `db:"author_id" belongs:"User,keep"`
	// CustomerID and the fields that follow copy those of the ticket, which decide who sees it.
	CustomerID          store.ID  `db:"customer_id" belongs:"Customer,keep" copies:"ticket_id.customer_id"`
	InteractionUserID   *store.ID `db:"interaction_user_id" belongs:"User,keep" copies:"ticket_id.interaction_user_id"`
	InteractionInternal bool      `db:"interaction_internal,few" copies:"ticket_id.interaction_internal"`
	AssigneeID          *store.ID `db:"assignee_id" belongs:"User,keep" copies:"ticket_id.assignee_id"`
	Queue               *string   `db:"queue" copies:"ticket_id.queue"`
	// Visibility is that of the message, which never changes.
	Visibility MessageVisibility `db:"visibility,few" default:"internal" values:"public internal"`

	FileName string `db:"file_name,personal"`
	// ContentType is what the content was found to be.
	ContentType string `db:"content_type"`
	// ContentID identifies a part of a mail, which the mail's HTML may show; empty for any other file.
	ContentID string `db:"content_id,personal"`
	Size      int    `db:"size"`
	// SHA256 is the digest of the content in hexadecimal digits.
	SHA256 string `db:"sha256"`
	// Thumbnail says whether there is one, whose key follows from that of the content.
	Thumbnail bool `db:"thumbnail"`
	// Scan is what a virus scanner found.
	Scan      FileScan  `db:"scan,few" default:"clean" values:"clean quarantined infected"`
	CreatedAt time.Time `db:"created_at"`
	UpdatedAt time.Time `db:"updated_at"`
	Version   int       `db:"version" default:"1"`
}

// Attachments declares the files of tickets and messages, the oldest first. Those who see a message see its files.
var Attachments = entity.Declare(entity.Declaration[Attachment]{
	Kind: "att", Name: "attachments", Noun: "attachment",
	Visible: []entity.Grant{
		entity.ToUser("interaction_user_id"), entity.ToUser("assignee_id"),
		entity.ToStaff().If("queue", sharedQueue).Optional(sharedQueue),
		entity.ToCustomer("customer_id").Unless("interaction_internal").If("visibility", string(MessagePublic)),
	},
	DefaultOrder: []store.Sort{{Field: "created_at"}},
	Computed:     map[string][]string{"url": {"scan"}, "thumbnailUrl": {"thumbnail", "scan"}},
	Indexes: []store.Index{
		{Name: "attachments_ticket_created", Keys: []store.Key{{Field: "ticket_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "attachments_message_created", Keys: []store.Key{{Field: "message_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "attachments_customer_created", Keys: []store.Key{{Field: "customer_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "attachments_user_created", Keys: []store.Key{{Field: "interaction_user_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "attachments_assignee_created", Keys: []store.Key{{Field: "assignee_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "attachments_queue_created", Keys: []store.Key{{Field: "queue"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "attachments_scan_created", Keys: []store.Key{{Field: "scan"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "attachments_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
	},
})

// key returns the key of the attachment's content.
func (a *Attachment) key() string { return a.ID.String() }
