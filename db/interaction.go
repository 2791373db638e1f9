package db

import "time"

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
	ID          ID                `json:"id"`
	UserID      ID                `json:"userId"`
	CustomerID  ID                `json:"customerId"`
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
var Interactions = &Collection{
	Name: "interactions",
	Fields: []Field{
		{Name: "_id", Type: TypeID},
		{Name: "user_id", Type: TypeID},
		{Name: "customer_id", Type: TypeID},
		{Name: "kind", Type: TypeString, Default: string(KindMeeting), LowCardinality: true},
		{Name: "title", Type: TypeString},
		{Name: "description", Type: TypeString},
		{Name: "start_time", Type: TypeTime},
		{Name: "end_time", Type: TypeTime, Nullable: true},
		{Name: "location", Type: TypeString, Nullable: true},
		{Name: "status", Type: TypeString, Default: string(InteractionPlanned), LowCardinality: true},
		{Name: "created_at", Type: TypeTime},
		{Name: "updated_at", Type: TypeTime},
		{Name: "version", Type: TypeInt, Default: 1},
		{Name: "title_key", Type: TypeString},
	},
	Indexes: []Index{
		{Name: "interactions_customer_created", Keys: []Key{{Field: "customer_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_user_created", Keys: []Key{{Field: "user_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_customer_start", Keys: []Key{{Field: "customer_id"}, {Field: "start_time"}, {Field: "_id"}}},
		{Name: "interactions_user_start", Keys: []Key{{Field: "user_id"}, {Field: "start_time"}, {Field: "_id"}}},
		{Name: "interactions_kind_created", Keys: []Key{{Field: "kind"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_status_created", Keys: []Key{{Field: "status"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_title", Keys: []Key{{Field: "title_key"}, {Field: "_id"}}},
		{Name: "interactions_start", Keys: []Key{{Field: "start_time"}, {Field: "_id"}}},
		{Name: "interactions_end", Keys: []Key{{Field: "end_time"}, {Field: "_id"}}},
		{Name: "interactions_created", Keys: []Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "interactions_updated", Keys: []Key{{Field: "updated_at"}, {Field: "_id"}}},
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
