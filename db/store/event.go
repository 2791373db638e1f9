package store

import (
	"reflect"
	"time"
)

// Event describes a change. It is written atomically with that change and then moved into Events, which mail and live
// updates follow.
type Event struct {
	ID ID `db:"_id"`
	// Seq is the event's position in the log; it is zero while the event is pending.
	Seq int `db:"seq"`
	// Type is the entity and what happened to it: "interaction.created".
	Type string `db:"type,few"`
	// Entity is the id of the document concerned.
	Entity ID `db:"entity_id"`
	// Actor is the id of the account that made the change, ActorRole its role; both are zero for changes by the
	// program.
	Actor     ID        `db:"actor_id"`
	ActorRole string    `db:"actor_role"`
	At        time.Time `db:"at"`
	// Data is a JSON object: the document as it was after the change, or before a deletion.
	Data string `db:"data"`
	// Planned is set when the event's deliveries have been created.
	Planned bool `db:"planned"`
}

// Events is the log of all changes, in order. Engines know it because MoveEvents writes it.
var Events = &Collection{
	Name:   "events",
	Fields: FieldsOf(reflect.TypeFor[Event]()),
	Indexes: []Index{
		{Name: "events_seq", Keys: []Key{{Field: "seq"}}, Unique: true},
		{Name: "events_entity_seq", Keys: []Key{{Field: "entity_id"}, {Field: "seq"}}},
		{Name: "events_planned", Keys: []Key{{Field: "planned"}, {Field: "seq"}, {Field: "_id"}}},
	},
}
