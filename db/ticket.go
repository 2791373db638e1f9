package db

import (
	"strings"
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// TicketStatus is the state of a ticket.
type TicketStatus string

// The states, as they are stored, in the order in which the staff moves a ticket.
const (
	TicketOpen       TicketStatus = "open"
	TicketInProgress TicketStatus = "in_progress"
	TicketPending    TicketStatus = "pending"
	TicketResolved   TicketStatus = "resolved"
	TicketClosed     TicketStatus = "closed"
)

// Priority is the urgency of a ticket; it is stored as a number so that it can be sorted by.
type Priority int

// The priorities.
const (
	PriorityLow Priority = iota + 1
	PriorityMedium
	PriorityHigh
	PriorityUrgent
)

// Ticket is a customer's request, raised by the customer or by the staff for them. It may be about an interaction.
type Ticket struct {
	ID            store.ID  `db:"_id"`
	InteractionID *store.ID `db:"interaction_id" belongs:"Interaction.tickets,refuse"`
	CustomerID    store.ID  `db:"customer_id" belongs:"Customer.tickets,refuse"`
	// InteractionUserID and InteractionInternal are the interaction's user and whether it is internal, which decide who
	// sees the ticket.
	InteractionUserID   *store.ID `db:"interaction_user_id" belongs:"User.tickets,refuse" copies:"interaction_id.user_id"`
	InteractionInternal bool      `db:"interaction_internal,few" copies:"interaction_id.internal"`
	AssigneeID          *store.ID `db:"assignee_id" belongs:"User.assignedTickets,detach"`
	// Queue is the queue in which the ticket waits for somebody to take it. It has neither an assignee nor an interaction then,
	// whose user would be responsible for it.
	Queue *string `db:"queue"`
	// MergedIntoID is the ticket that it was merged into, nil if it wasn't.
	MergedIntoID *store.ID `db:"merged_into_id" belongs:"Ticket,cascade"`
	// Number is nil for a ticket that another program wrote, until the server starts again.
	Number      *int         `db:"number,serial"`
	Title       string       `db:"title"`
	Description string       `db:"description"`
	Status      TicketStatus `db:"status,few" default:"open" values:"open in_progress pending resolved=solved,done,fixed closed"`
	Priority    Priority     `db:"priority,few" default:"2" values:"1 2 3 4"`
	// ByMail says that a mail raised it, whose id the ticket has, and Rewritten that its description has been changed since.
	ByMail    bool `db:"by_mail"`
	Rewritten bool `db:"rewritten"`
	// CopiedTo are the addresses besides the server's that the mail which raised it was sent to, separated by spaces.
	CopiedTo string `db:"copied_to,personal"`
	// FollowsID is the ticket that the customer answered, but which had been closed long before.
	FollowsID *store.ID `db:"follows_id" belongs:"Ticket,keep"`
	// FirstRespondedAt is when the staff first replied, LastMessageAt and LastCustomerMessageAt are the times of the last public
	// message, and of the last one by the customer, which may be the request itself.
	FirstRespondedAt      *time.Time `db:"first_responded_at"`
	LastMessageAt         *time.Time `db:"last_message_at"`
	LastCustomerMessageAt *time.Time `db:"last_customer_message_at"`
	// ResolvedAt and ClosedAt are since when the ticket is resolved and closed, WaitingSince is since when the customer has been
	// waiting for the staff. Tickets of earlier versions lack them until they are moved.
	ResolvedAt   *time.Time `db:"resolved_at"`
	ClosedAt     *time.Time `db:"closed_at"`
	WaitingSince *time.Time `db:"waiting_since"`
	CreatedAt    time.Time  `db:"created_at" fallback:"_id"`
	UpdatedAt    time.Time  `db:"updated_at" fallback:"created_at"`
	Version      int        `db:"version" default:"1"`

	// appliedMessages is the position of the last message that was applied to the ticket, movedAt when its status last changed;
	// see applyMessages. appliedMerges is the position of the last merge into the ticket that was applied, movedMessages how many
	// messages have come from merged tickets; see applyMerge and moveMessages.
	appliedMessages int        `db:"applied_messages"`
	appliedMerges   int        `db:"applied_merges"`
	movedMessages   int        `db:"moved_messages"`
	movedAt         *time.Time `db:"moved_at"`
	// acknowledge says that the customer, who raised it by mail, is told so.
	acknowledge bool `db:"acknowledge"`
	// customerGone says that the customer has deleted themself: nobody waits for an answer, or would get one.
	customerGone bool `db:"customer_gone"`

	// hidden says that the change which returns the ticket has hidden it from whoever made that.
	hidden bool

	titleKey       string `db:"title_key" key:"Title,search"`
	descriptionKey string `db:"description_key" key:"Description,search"`
}

// The verbs that only tickets have.
const (
	verbMoved    = "moved"
	verbAssigned = "assigned"
	verbReplied  = "replied"
	verbMerged   = "merged"
)

// sharedQueue is the queue of all tickets that nobody is responsible for yet, and the name of the grant that shows it to all
// users, which Options.NoSharedQueue withdraws.
const sharedQueue = "shared"

// Tickets declares the tickets of customers.
var Tickets = entity.Declare(entity.Declaration[Ticket]{
	Kind: "tkt", Name: "tickets", Noun: "ticket",
	Required: [][]string{{"interaction_id", "customer_id"}},
	Visible: []entity.Grant{
		entity.ToUser("interaction_user_id"), entity.ToUser("assignee_id"),
		entity.ToStaff().If("queue", sharedQueue).Optional(sharedQueue),
		entity.ToCustomer("customer_id").Unless("interaction_internal"),
	},
	Verbs:  []string{verbMoved, verbAssigned, verbReplied, verbMerged},
	Derive: (*Ticket).derive,
	Computed: map[string][]string{
		"viewerCan": {"status", "assignee_id", "merged_into_id", "customer_gone"}, "allowedTransitions": {"status", "merged_into_id"},
		"tags": nil, "linkedTickets": nil,
		"channel": {"by_mail"}, "source": {"by_mail"}, "descriptionHtml": {"by_mail", "rewritten"},
		"cc":     {"copied_to"},
		"unread": {"last_customer_message_at"}, "draft": nil,
	},
	Indexes: []store.Index{
		{Name: "tickets_interaction_created", Keys: []store.Key{{Field: "interaction_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_customer_created", Keys: []store.Key{{Field: "customer_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_user_created", Keys: []store.Key{{Field: "interaction_user_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_assignee_created", Keys: []store.Key{{Field: "assignee_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_queue_created", Keys: []store.Key{{Field: "queue"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_merged_into", Keys: []store.Key{{Field: "merged_into_id"}}},
		{Name: "tickets_waiting", Keys: []store.Key{{Field: "waiting_since"}, {Field: "_id"}}},
		{Name: "tickets_status_created", Keys: []store.Key{{Field: "status"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_priority_newest", Keys: []store.Key{{Field: "priority"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_priority_oldest", Keys: []store.Key{{Field: "priority", Desc: true}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_number", Keys: []store.Key{{Field: "number"}}, Unique: true},
		{Name: "tickets_title", Keys: []store.Key{{Field: "title_key"}, {Field: "_id"}}},
		{Name: "tickets_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_updated", Keys: []store.Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
	Searched: []string{"title_key", "description_key"},
})

// Channel returns how the ticket was raised.
func (t *Ticket) Channel() MessageChannel {
	if t.ByMail {
		return ChannelEmail
	}
	return ChannelAPI
}

// Acknowledged reports whether the customer, who raised the ticket by mail, is told that it came.
func (t *Ticket) Acknowledged() bool { return t.acknowledge }

// derive puts the ticket into the queue if nobody is responsible for it, and takes it out otherwise. A customer who is gone doesn't wait,
// whatever happens to the ticket.
func (t *Ticket) derive() {
	if t.customerGone {
		t.WaitingSince = nil
	}
	t.Queue = nil
	if t.InteractionID == nil && t.AssigneeID == nil {
		t.Queue = new(sharedQueue)
	}
}

// titleOf returns the title of a ticket that has none of its own: the beginning of the first line of its description.
func titleOf(description string) string {
	for line := range strings.Lines(description) {
		title := strings.Map(func(r rune) rune {
			if isControl(r) {
				return ' '
			}
			return r
		}, strings.ToValidUTF8(line, "\uFFFD"))
		if title = strings.Join(strings.Fields(title), " "); title == "" {
			continue
		}
		if runes := []rune(title); len(runes) > maxName {
			return strings.TrimSpace(string(runes[:maxName-1])) + "…"
		}
		return title
	}
	return ""
}
