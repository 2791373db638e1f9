package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

// projection says of which stored fields, beside the id, the fields of a GraphQL type are made.
type projection struct {
	typeName string
	fields   map[string]store.Fields
}

// projections has the types whose documents are read as far as they are shown. A field that is missing here has the
// whole document read, and a test name it.
var projections = map[*store.Collection]projection{
	db.Users: {"User", choose(db.Users, map[string][]string{
		"name": {"name"}, "email": {"email"}, "role": {"role"}, "active": {"deactivated_at"},
		"deactivatedAt": {"deactivated_at"}, "createdAt": {"created_at"}, "updatedAt": {"updated_at"},
		"interactions": {}, "tickets": {}, "assignedTickets": {},
	})},
	db.Customers: {"Customer", choose(db.Customers, map[string][]string{
		"name": {"name"}, "email": {"email"}, "company": {"company"}, "phone": {"phone"},
		"canLogIn": {"password"}, "createdAt": {"created_at"}, "updatedAt": {"updated_at"},
		"interactions": {}, "tickets": {},
	})},
	db.Interactions: {"Interaction", choose(db.Interactions, map[string][]string{
		"kind": {"kind"}, "title": {"title"}, "description": {"description"}, "startTime": {"start_time"},
		"endTime": {"end_time"}, "durationMinutes": {"start_time", "end_time"}, "location": {"location"},
		"status": {"status"}, "createdAt": {"created_at"}, "updatedAt": {"updated_at"},
		"user": {"user_id"}, "customer": {"customer_id"}, "viewerCan": {"status"}, "tickets": {}, "deliveries": {},
	})},
	db.Tickets: {"Ticket", choose(db.Tickets, map[string][]string{
		"description": {"description"}, "status": {"status"}, "priority": {"priority"},
		"createdAt": {"created_at"}, "updatedAt": {"updated_at"}, "interaction": {"interaction_id"},
		"customer": {"customer_id"}, "assignee": {"assignee_id"}, "viewerCan": {"status"},
		"allowedTransitions": {"status"}, "deliveries": {},
	})},
}

// choose says what each field is made of. Each type has an id, a version and its own name.
func choose(c *store.Collection, fields map[string][]string) map[string]store.Fields {
	chosen := map[string]store.Fields{"id": c.Select(), "__typename": c.Select(), "version": c.Select("version")}
	for name, stored := range fields {
		chosen[name] = c.Select(stored...)
	}
	return chosen
}

// shown returns the documents as far as the operation in ctx shows them.
func shown[T any](ctx context.Context, e *db.Entities[T]) *db.Entities[T] {
	p, ok := projections[e.Collection()]
	if !ok || ctx.Value(operationKey{}).(*operation).plain {
		return e
	}
	fields := e.Collection().Select()
	for _, name := range graph.SelectedFields(ctx, p.typeName) {
		chosen, ok := p.fields[name]
		if !ok {
			return e
		}
		fields |= chosen
	}
	return e.Only(fields)
}
