package dbtest

import (
	"time"

	"crm/db"
)

// thing has a field of every type, nullable and not.
type thing struct {
	ID       db.ID
	Parent   db.ID
	Email    string
	EmailKey string
	Code     string
	Name     string
	Rank     int
	Active   bool
	At       time.Time
	Version  int
	Ref      *db.ID
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

var things = &db.Collection{
	Name:   "things",
	Fields: append(requiredFields(), nullableFields()...),
	Indexes: []db.Index{
		{Name: "things_email", Keys: []db.Key{{Field: "email_key"}}, Unique: true, Reports: "email"},
		{Name: "things_code", Keys: []db.Key{{Field: "code"}}, Unique: true},
		{Name: "things_parent_rank", Keys: []db.Key{{Field: "parent_id"}, {Field: "rank"}, {Field: "_id"}}},
		{Name: "things_rank", Keys: []db.Key{{Field: "rank", Desc: true}, {Field: "_id", Desc: true}}},
	},
	Searched: []string{"name", "note"},
}

func requiredFields() []db.Field {
	return []db.Field{
		{Name: "_id", Type: db.TypeID},
		{Name: "parent_id", Type: db.TypeID},
		{Name: "email", Type: db.TypeString},
		{Name: "email_key", Type: db.TypeString},
		{Name: "code", Type: db.TypeString},
		{Name: "name", Type: db.TypeString},
		{Name: "rank", Type: db.TypeInt, LowCardinality: true},
		{Name: "active", Type: db.TypeBool},
		{Name: "at", Type: db.TypeTime},
		{Name: "version", Type: db.TypeInt, Default: 1},
	}
}

func nullableFields() []db.Field {
	return []db.Field{
		{Name: "ref_id", Type: db.TypeID, Nullable: true},
		{Name: "note", Type: db.TypeString, Nullable: true},
		{Name: "score", Type: db.TypeInt, Nullable: true},
		{Name: "done", Type: db.TypeBool, Nullable: true},
		{Name: "until", Type: db.TypeTime, Nullable: true},
	}
}

// lean is a thing as a program writes it that knows the required fields only: the others are absent.
type lean struct{ thing }

func (d *lean) Pointers(into []any) []any { return d.required(into) }

var leanThings = &db.Collection{Name: things.Name, Fields: requiredFields(), Indexes: things.Indexes, Searched: []string{"name"}}

// bare is a thing as an older program wrote it, before most required fields were thought of.
type bare struct{ thing }

func (d *bare) Pointers(into []any) []any {
	return append(into, &d.ID, &d.Parent, &d.Email, &d.EmailKey, &d.Code)
}

var bareThings = &db.Collection{Name: things.Name, Fields: requiredFields()[:5], Indexes: things.Indexes}

// group is what a thing's ref_id refers to; a region is a group of groups.
type group struct {
	ID     db.ID
	Name   string
	Region *db.ID
}

func (d *group) Pointers(into []any) []any { return append(into, &d.ID, &d.Name, &d.Region) }

var (
	groups  = groupCollection("groups")
	regions = groupCollection("regions")
)

func groupCollection(name string) *db.Collection {
	return &db.Collection{Name: name, Fields: []db.Field{
		{Name: "_id", Type: db.TypeID},
		{Name: "name", Type: db.TypeString},
		{Name: "region_id", Type: db.TypeID, Nullable: true},
	}}
}

// epoch is when everything in the suite begins.
var epoch = time.Date(2024, 2, 29, 12, 30, 15, 123e6, time.UTC)

// newThing returns a thing whose unique values no other has.
func newThing(change ...func(*thing)) *thing {
	id := db.NewID()
	d := &thing{ID: id, Email: id.String(), EmailKey: id.String(), Code: id.String(), At: epoch, Version: 1}
	for _, f := range change {
		f(d)
	}
	return d
}

func newEvent(kind string, entity db.ID) *db.Event {
	return &db.Event{
		ID: db.NewID(), Type: kind, Entity: entity, Actor: db.NewID(), ActorRole: "ADMIN", At: epoch,
		Data: `{"id":"` + entity.String() + `"}`,
	}
}
