package db

import (
	"time"

	"crm/db/store"
)

// InteractionKind says what sort of appointment an interaction is.
type InteractionKind string

// The kinds, as they are stored.
const (
	KindMeeting  InteractionKind = "meeting"
	KindTask     InteractionKind = "task"
	KindFollowUp InteractionKind = "follow_up"
)

// InteractionStatus says whether an interaction is still to come.
type InteractionStatus string

// The states, as they are stored.
const (
	InteractionPlanned   InteractionStatus = "planned"
	InteractionDone      InteractionStatus = "done"
	InteractionCancelled InteractionStatus = "cancelled"
)

// Interaction joins a user and a customer: a meeting, a task, a follow-up.
type Interaction struct {
	ID          store.ID          `json:"id"`
	UserID      store.ID          `json:"userId"`
	CustomerID  store.ID          `json:"customerId"`
	Kind        InteractionKind   `json:"kind"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	StartTime   time.Time         `json:"startTime"`
	EndTime     *time.Time        `json:"endTime"`
	Location    *string           `json:"location"`
	Status      InteractionStatus `json:"status"`
	CreatedAt   time.Time         `json:"createdAt"`
	UpdatedAt   time.Time         `json:"updatedAt"`
	Version     int               `json:"version"`

	titleKey string
}

// Pointers implements Document.
func (i *Interaction) Pointers(into []any) []any {
	return append(into,
		&i.ID, &i.UserID, &i.CustomerID, (*string)(&i.Kind), &i.Title, &i.Description, &i.StartTime, &i.EndTime,
		&i.Location, (*string)(&i.Status), &i.CreatedAt, &i.UpdatedAt, &i.Version, &i.titleKey,
	)
}

// Interactions is the collection of the interactions.
var Interactions = &store.Collection{
	Name: "interactions",
	Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "user_id", Type: store.TypeID},
		{Name: "customer_id", Type: store.TypeID},
		{Name: "kind", Type: store.TypeString, Default: string(KindMeeting), LowCardinality: true},
		{Name: "title", Type: store.TypeString},
		{Name: "description", Type: store.TypeString},
		{Name: "start_time", Type: store.TypeTime},
		{Name: "end_time", Type: store.TypeTime, Nullable: true},
		{Name: "location", Type: store.TypeString, Nullable: true},
		{Name: "status", Type: store.TypeString, Default: string(InteractionPlanned), LowCardinality: true},
		{Name: "created_at", Type: store.TypeTime},
		{Name: "updated_at", Type: store.TypeTime},
		{Name: "version", Type: store.TypeInt, Default: 1},
		{Name: "title_key", Type: store.TypeString},
	},
	Indexes: []store.Index{
		{Name: "interactions_customer_created", Keys: []store.Key{{Field: "customer_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_user_created", Keys: []store.Key{{Field: "user_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_customer_start", Keys: []store.Key{{Field: "customer_id"}, {Field: "start_time"}, {Field: "_id"}}},
		{Name: "interactions_user_start", Keys: []store.Key{{Field: "user_id"}, {Field: "start_time"}, {Field: "_id"}}},
		{Name: "interactions_kind_created", Keys: []store.Key{{Field: "kind"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_status_created", Keys: []store.Key{{Field: "status"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_title", Keys: []store.Key{{Field: "title_key"}, {Field: "_id"}}},
		{Name: "interactions_start", Keys: []store.Key{{Field: "start_time"}, {Field: "_id"}}},
		{Name: "interactions_end", Keys: []store.Key{{Field: "end_time"}, {Field: "_id"}}},
		{Name: "interactions_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_updated", Keys: []store.Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
	Searched: []string{"title_key"},
}

// DurationMinutes returns how long the interaction takes, nil if its end isn't known.
func (i *Interaction) DurationMinutes() *int {
	if i.EndTime == nil {
		return nil
	}
	minutes := int(i.EndTime.Sub(i.StartTime) / time.Minute)
	return &minutes
}
