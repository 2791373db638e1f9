package db

import (
	"encoding/json"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// MessageVisibility says who may read a message.
type MessageVisibility string

// The visibilities, as they are stored. Internal messages are the staff's notes, which customers never see.
const (
	MessagePublic   MessageVisibility = "public"
	MessageInternal MessageVisibility = "internal"
)

// MessageChannel says how a message came.
type MessageChannel string

// The channels: through the API, and by mail.
const (
	ChannelAPI   MessageChannel = "api"
	ChannelEmail MessageChannel = "email"
)

// TicketMessage is a message on a ticket: by its customer, by the staff to the customer, or a note among the staff.
type TicketMessage struct {
	ID       store.ID `db:"_id"`
	TicketID store.ID `db:"ticket_id" belongs:"Ticket.messages,cascade"`
	// Position numbers the messages of a ticket. Its unique index decides which of two messages at the same time is the first,
	// so that whoever writes knows all that was written before. Those of a ticket that was merged into it have positions below zero.
	Position    int       `db:"position"`
	InReplyToID *store.ID `db:"in_reply_to_id" belongs:"TicketMessage,keep"`
	// AuthorID is the user who wrote it, nil if the customer or an external address did.
	AuthorID *store.ID `db:"author_id" belongs:"User,keep"`
	// CustomerID and the fields that follow copy those of the ticket, which decide who sees it.
	CustomerID          store.ID  `db:"customer_id" belongs:"Customer,keep" copies:"ticket_id.customer_id"`
	InteractionUserID   *store.ID `db:"interaction_user_id" belongs:"User,keep" copies:"ticket_id.interaction_user_id"`
	InteractionInternal bool      `db:"interaction_internal,few" copies:"ticket_id.interaction_internal"`
	AssigneeID          *store.ID `db:"assignee_id" belongs:"User,keep" copies:"ticket_id.assignee_id"`
	Queue               *string   `db:"queue" copies:"ticket_id.queue"`

	Visibility MessageVisibility `db:"visibility,few" default:"internal" values:"public internal"`
	Channel    MessageChannel    `db:"channel" default:"api"`
	BodyText   string            `db:"body_text,personal"`
	// ExternalEmail and ExternalName are who wrote it by mail, if that is neither the customer nor a user for certain.
	ExternalEmail string `db:"external_email,personal"`
	ExternalName  string `db:"external_name,personal"`
	// Automatic says that a program wrote it, such as one that says that somebody is on holiday. Nothing follows from it.
	Automatic bool `db:"automatic"`
	// Verification says whether the address that a mail names as its sender's is right; see ReceivedMail.
	Verification string `db:"verification"`
	// Edits are its EarlierTexts, as JSON; empty if there are none.
	Edits string `db:"edits,personal"`
	// Mentions are the accounts of the users whom a note names, separated by spaces.
	Mentions string `db:"mentions"`
	// CopiedTo are the addresses that get a copy by mail, or that it was sent to if it came by mail, separated by spaces.
	CopiedTo string `db:"copied_to,personal"`
	// MovesTo is the status to which the author moves the ticket with it, empty for none; see applyMessages.
	MovesTo   TicketStatus `db:"moves_to"`
	CreatedAt time.Time    `db:"created_at"`
	// EditedAt is when the author last changed it.
	EditedAt  *time.Time `db:"edited_at"`
	UpdatedAt time.Time  `db:"updated_at"`
	Version   int        `db:"version" default:"1"`

	bodyTextKey string `db:"body_text_key" key:"BodyText,search"`

	// uploads become the attachments of a new message.
	uploads []store.ID
}

// TicketMessages declares the messages on tickets, the oldest first. Those who see a ticket see its messages, except that only
// staff see the internal ones.
var TicketMessages = entity.Declare(entity.Declaration[TicketMessage]{
	Kind: "tms", Name: "ticket_messages", Noun: "message",
	Visible: []entity.Grant{
		entity.ToUser("interaction_user_id"), entity.ToUser("assignee_id"),
		entity.ToStaff().If("queue", sharedQueue).Optional(sharedQueue),
		entity.ToCustomer("customer_id").Unless("interaction_internal").If("visibility", string(MessagePublic)),
	},
	Verbs:        []string{verbMerged},
	DefaultOrder: []store.Sort{{Field: "created_at"}},
	Computed: map[string][]string{
		"author":     {"author_id", "customer_id", "external_email", "external_name"},
		"authorKind": {"author_id", "external_email", "external_name"},
		"viewerCan":  {"author_id", "customer_id", "external_email", "created_at"},
		"bodyHtml":   {"channel", "edited_at"}, "source": {"channel"}, "senderVerified": {"verification"}, "earlierTexts": {"edits"},
		"cc": {"copied_to", "channel", "author_id", "external_email", "external_name"},
	},
	Indexes: []store.Index{
		{Name: "ticket_messages_position", Keys: []store.Key{{Field: "ticket_id"}, {Field: "position"}}, Unique: true, Reports: "position"},
		{Name: "ticket_messages_ticket_created", Keys: []store.Key{{Field: "ticket_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "ticket_messages_customer_created", Keys: []store.Key{{Field: "customer_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "ticket_messages_user_created", Keys: []store.Key{{Field: "interaction_user_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "ticket_messages_assignee_created", Keys: []store.Key{{Field: "assignee_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "ticket_messages_queue_created", Keys: []store.Key{{Field: "queue"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "ticket_messages_visibility_created", Keys: []store.Key{{Field: "visibility"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "ticket_messages_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
	},
	Searched: []string{"body_text_key"},
})

// editable is for how long authors may change and delete what they wrote, and maxEdits how often they may change it.
const (
	editable = 15 * time.Minute
	maxEdits = 20
)

// EarlierText is a text of a message before it was changed.
type EarlierText struct {
	Text      string    `json:"text"`
	WrittenAt time.Time `json:"writtenAt"`
}

// EarlierTexts returns the texts that the message had before it was changed, the oldest first; nil unless the scope sees all.
func (m *TicketMessage) EarlierTexts(scope auth.Scope) []*EarlierText {
	if !scope.SeesAll() {
		return nil
	}
	return m.earlierTexts()
}

// earlierTexts decodes Edits, which only edit writes.
func (m *TicketMessage) earlierTexts() []*EarlierText {
	earlier := []*EarlierText{}
	if m.Edits != "" {
		_ = json.Unmarshal([]byte(m.Edits), &earlier)
	}
	return earlier
}

// edit gives the message another text, and keeps the one before.
func (m *TicketMessage) edit(text string, now time.Time) error {
	written, earlier := m.CreatedAt, m.earlierTexts()
	if m.EditedAt != nil {
		written = *m.EditedAt
	}
	if len(earlier) >= maxEdits {
		return store.Errorf(store.Forbidden, "a message may be edited only %d times", maxEdits)
	}
	edits, err := json.Marshal(append(earlier, &EarlierText{m.BodyText, written}))
	m.BodyText, m.Edits, m.EditedAt = text, string(edits), &now
	return err
}

// TicketMessageAction is an action on a message that needs permission.
type TicketMessageAction string

// The actions on a message.
const (
	EditMessage   TicketMessageAction = "edit"
	DeleteMessage TicketMessageAction = "delete"
)

// ByCustomer reports whether the customer wrote the message, or somebody else in the conversation who isn't one of the staff.
func (m *TicketMessage) ByCustomer() bool { return m.AuthorID == nil }

// AuthorKind returns what the author is, which follows from fields that stay when the account is erased.
func (m *TicketMessage) AuthorKind() AuthorRole {
	switch {
	case m.External() != nil:
		return AuthorExternal
	case m.ByCustomer():
		return AuthorCustomer
	}
	return AuthorStaff
}

// External returns the external address that wrote the message, nil if its customer or a user did.
func (m *TicketMessage) External() *ExternalAddress {
	if m.ExternalEmail == "" && m.ExternalName == "" {
		return nil
	}
	return &ExternalAddress{Email: m.ExternalEmail, Name: m.ExternalName}
}

// SenderVerified reports whether the address that a mail names as its sender's is right, nil if that isn't known.
func (m *TicketMessage) SenderVerified() *bool { return isVerified(m.Verification) }

// isBy reports whether the scope's account wrote the message.
func (m *TicketMessage) isBy(scope auth.Scope) bool {
	switch {
	case m.External() != nil:
		return false
	case m.ByCustomer():
		return scope.IsAccount(false, m.CustomerID)
	}
	return scope.IsAccount(true, *m.AuthorID)
}

// Permit returns nil if the scope permits the action on the message, else a FORBIDDEN error that says why. The scope must see
// the message.
func (m *TicketMessage) Permit(scope auth.Scope, action TicketMessageAction) error {
	switch {
	case action == DeleteMessage && scope.SeesAll():
		return nil
	case !m.isBy(scope):
		return store.Errorf(store.Forbidden, "only its author may %s a message", action)
	case time.Since(m.CreatedAt) > editable:
		return store.Errorf(store.Forbidden, "its author may %s a message only for %d minutes", action, int(editable.Minutes()))
	}
	return nil
}

// ViewerCan returns the actions on the message that the scope permits.
func (m *TicketMessage) ViewerCan(scope auth.Scope) []TicketMessageAction {
	allowed := []TicketMessageAction{}
	for _, action := range []TicketMessageAction{EditMessage, DeleteMessage} {
		if m.Permit(scope, action) == nil {
			allowed = append(allowed, action)
		}
	}
	return allowed
}
