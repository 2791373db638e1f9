package storetest

import (
	"time"

	"crm/db/store"
)

// thing has a nullable and a required field of every type.
type thing struct {
	ID       store.ID
	Parent   store.ID
	Email    string
	EmailKey string
	Code     string
	Name     string
	Rank     int
	Active   bool
	At       time.Time
	Version  int
	Ref      *store.ID
	Note     *string
	Score    *int
	Done     *bool
	Until    *time.Time
}

func (d *thing) Pointers(into []any) []any {
	return append(d.required(into), &d.Ref, &d.Note, &d.Score, &d.Done, &d.Until)
}

func (d *thing) required(into []any) []any {
	return append(into,
		&d.ID, &d.Parent, &d.Email, &d.EmailKey, &d.Code, &d.Name, &d.Rank, &d.Active, &d.At, &d.Version,
	)
}

var things = &store.Collection{
	Name:   "things",
	Fields: append(requiredFields(), nullableFields()...),
	Indexes: []store.Index{
		{Name: "things_email", Keys: []store.Key{{Field: "email_key"}}, Unique: true, Reports: "email"},
		{Name: "things_code", Keys: []store.Key{{Field: "code"}}, Unique: true},
		{Name: "things_parent_rank", Keys: []store.Key{{Field: "parent_id"}, {Field: "rank"}, {Field: "_id"}}},
		{Name: "things_rank", Keys: []store.Key{{Field: "rank", Desc: true}, {Field: "_id", Desc: true}}},
	},
	Searched: []string{"name", "note"},
}

func requiredFields() []store.Field {
	return []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "parent_id", Type: store.TypeID},
		{Name: "email", Type: store.TypeString},
		{Name: "email_key", Type: store.TypeString},
		{Name: "code", Type: store.TypeString},
		{Name: "name", Type: store.TypeString},
		{Name: "rank", Type: store.TypeInt, LowCardinality: true},
		{Name: "active", Type: store.TypeBool},
		{Name: "at", Type: store.TypeTime},
		{Name: "version", Type: store.TypeInt, Default: 1},
	}
}

func nullableFields() []store.Field {
	return []store.Field{
		{Name: "ref_id", Type: store.TypeID, Nullable: true},
		{Name: "note", Type: store.TypeString, Nullable: true},
		{Name: "score", Type: store.TypeInt, Nullable: true},
		{Name: "done", Type: store.TypeBool, Nullable: true},
		{Name: "until", Type: store.TypeTime, Nullable: true},
	}
}

// lean is a thing as written by a program that knows only the required fields: the others are absent.
type lean struct{ thing }

func (d *lean) Pointers(into []any) []any { return d.required(into) }

var leanThings = &store.Collection{Name: things.Name, Fields: requiredFields(), Indexes: things.Indexes, Searched: []string{"name"}}

// bare is a thing as written by an older program that lacked most required fields.
type bare struct{ thing }

func (d *bare) Pointers(into []any) []any {
	return append(into, &d.ID, &d.Parent, &d.Email, &d.EmailKey, &d.Code)
}

var bareThings = &store.Collection{Name: things.Name, Fields: requiredFields()[:5], Indexes: things.Indexes}

// group is what a thing's ref_id refers to; a region is a group of groups.
type group struct {
	ID     store.ID
	Name   string
	Region *store.ID
}

func (d *group) Pointers(into []any) []any { return append(into, &d.ID, &d.Name, &d.Region) }

var (
	groups  = groupCollection("groups")
	regions = groupCollection("regions")
)

func groupCollection(name string) *store.Collection {
	return &store.Collection{Name: name, Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "name", Type: store.TypeString},
		{Name: "region_id", Type: store.TypeID, Nullable: true},
	}}
}

// epoch is the suite's base time.
var epoch = time.Date(2024, 2, 29, 12, 30, 15, 123e6, time.UTC)

// newThing returns a thing with unique values of its own.
func newThing(change ...func(*thing)) *thing {
	id := store.NewID()
	d := &thing{ID: id, Email: id.String(), EmailKey: id.String(), Code: id.String(), At: epoch, Version: 1}
	for _, f := range change {
		f(d)
	}
	return d
}

func newEvent(kind string, entity store.ID) *store.Event {
	return &store.Event{
		ID: store.NewID(), Type: kind, Entity: entity, Actor: store.NewID(), ActorRole: "ADMIN", At: epoch,
		Data: `{"id":"` + entity.String() + `"}`,
	}
}
