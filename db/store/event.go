package store

import (
	"reflect"
	"time"
)

// Event says that something happened. It is written with the change it tells of, in the same atomic write, and then
// moved into Events, from where mail and live updates follow.
type Event struct {
	ID ID `db:"_id"`
	// Seq is the event's place in the log; it is zero as long as the event is pending.
	Seq int `db:"seq"`
	// Type is the entity and what happened to it: "interaction.created".
	Type string `db:"type"`
	// Entity is the id of the document concerned.
	Entity ID `db:"entity_id"`
	// Actor is the id of the account that did it, ActorRole its role; both are zero when the program did.
	Actor     ID        `db:"actor_id"`
	ActorRole string    `db:"actor_role"`
	At        time.Time `db:"at"`
	// Data is a JSON object: the entity as it was after the change, or before it if it was deleted.
	Data string `db:"data"`
	// Planned is set when the deliveries that follow from the event have been made.
	Planned bool `db:"planned"`
}

// Events is the log of everything that happened, in order. Engines know it: MoveEvents writes it.
var Events = &Collection{
	Name:   "events",
	Fields: FieldsOf(reflect.TypeFor[Event]()),
	Indexes: []Index{
		{Name: "events_seq", Keys: []Key{{Field: "seq"}}, Unique: true},
		{Name: "events_entity_seq", Keys: []Key{{Field: "entity_id"}, {Field: "seq"}}},
		{Name: "events_planned_seq", Keys: []Key{{Field: "planned"}, {Field: "seq"}}},
	},
}
