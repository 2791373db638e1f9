package store

import "time"

// Event says that something happened. It is written with the change it tells of, in the same atomic write, and then
// moved into Events, from where mail and live updates follow.
type Event struct {
	ID ID
	// Seq is the event's place in the log; it is zero as long as the event is pending.
	Seq int
	// Type is the entity and what happened to it: "interaction.created".
	Type string
	// Entity is the id of the document concerned.
	Entity ID
	// Actor is the id of the account that did it, ActorRole its role; both are zero when the program did.
	Actor     ID
	ActorRole string
	At        time.Time
	// Data is a JSON object: the entity as it was after the change, or before it if it was deleted.
	Data string
	// Planned is set when the deliveries that follow from the event have been made.
	Planned bool
}

// Pointers implements Document.
func (e *Event) Pointers(into []any) []any {
	return append(into, &e.ID, &e.Seq, &e.Type, &e.Entity, &e.Actor, &e.ActorRole, &e.At, &e.Data, &e.Planned)
}

// Events is the log of everything that happened, in order. Engines know it: MoveEvents writes it.
var Events = &Collection{
	Name: "events",
	Fields: []Field{
		{Name: "_id", Type: TypeID},
		{Name: "seq", Type: TypeInt},
		{Name: "type", Type: TypeString},
		{Name: "entity_id", Type: TypeID},
		{Name: "actor_id", Type: TypeID},
		{Name: "actor_role", Type: TypeString},
		{Name: "at", Type: TypeTime},
		{Name: "data", Type: TypeString},
		{Name: "planned", Type: TypeBool},
	},
	Indexes: []Index{
		{Name: "events_seq", Keys: []Key{{Field: "seq"}}, Unique: true},
		{Name: "events_planned_seq", Keys: []Key{{Field: "planned"}, {Field: "seq"}}},
	},
}
