package db

import (
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// InteractionKind is the kind of an interaction.
type InteractionKind string

// The kinds, as they are stored.
const (
	KindMeeting  InteractionKind = "meeting"
	KindTask     InteractionKind = "task"
	KindFollowUp InteractionKind = "follow_up"
)

// InteractionStatus is the state of an interaction.
type InteractionStatus string

// The states, as they are stored.
const (
	InteractionPlanned   InteractionStatus = "planned"
	InteractionDone      InteractionStatus = "done"
	InteractionCancelled InteractionStatus = "cancelled"
)

// Interaction is an appointment of a user with a customer: a meeting, a task, a follow-up.
type Interaction struct {
	ID          store.ID        `db:"_id"`
	UserID      store.ID        `db:"user_id" belongs:"User.interactions,refuse"`
	CustomerID  store.ID        `db:"customer_id" belongs:"Customer.interactions,refuse"`
	Kind        InteractionKind `db:"kind,few" default:"meeting" values:"meeting task follow_up"`
	Title       string          `db:"title"`
	Description string          `db:"description"`
	StartTime   time.Time       `db:"start_time" fallback:"created_at"`
	EndTime     *time.Time      `db:"end_time"`
	// AllDay interactions start and end at midnight UTC, whatever the time zone: they are about days.
	AllDay   bool              `db:"all_day"`
	Location *string           `db:"location"`
	Status   InteractionStatus `db:"status,few" default:"planned" values:"planned done cancelled=canceled"`
	// Internal interactions are hidden from customers, with their tickets.
	Internal bool `db:"internal,few"`
	// DeletingAt is when the interaction's deletion began.
	DeletingAt *time.Time `db:"deleting_at"`
	CreatedAt  time.Time  `db:"created_at" fallback:"_id"`
	UpdatedAt  time.Time  `db:"updated_at" fallback:"created_at"`
	Version    int        `db:"version" default:"1"`

	titleKey       string  `db:"title_key" key:"Title,search"`
	titleOrder     string  `db:"title_order" key:"Title,order"`
	descriptionKey string  `db:"description_key" key:"Description,search"`
	locationKey    *string `db:"location_key" key:"Location,search"`
}

// verbCancelled is the verb that only interactions have.
const verbCancelled = "cancelled"

// Interactions declares the appointments of users with customers.
var Interactions = entity.Declare(entity.Declaration[Interaction]{
	Kind: "int", Name: "interactions", Noun: "interaction",
	Required: [][]string{{"user_id", "customer_id"}},
	Visible: []entity.Grant{
		entity.ToUser("user_id"), entity.ToUserThrough("Ticket", "interaction_id", "assignee_id"),
		entity.ToCustomer("customer_id").Unless("internal"),
	},
	Verbs: []string{verbCancelled},
	Computed: map[string][]string{
		"durationMinutes": {"start_time", "end_time"}, "viewerCan": {"status", "user_id"},
		"conflicts": {"user_id", "customer_id", "start_time", "end_time", "status", "internal"},
	},
	Indexes: []store.Index{
		{Name: "interactions_customer_created", Keys: []store.Key{{Field: "customer_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_user_created", Keys: []store.Key{{Field: "user_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_customer_start", Keys: []store.Key{{Field: "customer_id"}, {Field: "start_time"}, {Field: "_id"}}},
		{Name: "interactions_user_start", Keys: []store.Key{{Field: "user_id"}, {Field: "start_time"}, {Field: "_id"}}},
		{Name: "interactions_kind_created", Keys: []store.Key{{Field: "kind"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_status_created", Keys: []store.Key{{Field: "status"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_internal_created", Keys: []store.Key{{Field: "internal"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_title", Keys: []store.Key{{Field: "title_key"}, {Field: "_id"}}},
		{Name: "interactions_title_order", Keys: []store.Key{{Field: "title_order"}, {Field: "_id"}}},
		{Name: "interactions_start", Keys: []store.Key{{Field: "start_time"}, {Field: "_id"}}},
		{Name: "interactions_end", Keys: []store.Key{{Field: "end_time"}, {Field: "_id"}}},
		{Name: "interactions_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_updated", Keys: []store.Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
	Searched: []string{"title_key", "description_key", "location_key"},
})

// DurationMinutes returns the duration of the interaction in minutes, rounded up, nil if its end isn't known.
func (i *Interaction) DurationMinutes() *int {
	if i.EndTime == nil {
		return nil
	}
	minutes := max(1, int((i.EndTime.Sub(i.StartTime)+time.Minute-1)/time.Minute))
	return &minutes
}
