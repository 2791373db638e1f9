package resolvers

import (
	"crm/db"
	"crm/db/store"
	"crm/graph"
)

func ticketList(s slice, where *graph.TicketWhere, orderBy []*graph.TicketOrder) (db.List, error) {
	filter, err := filterOf(where, ticketFilter)
	return list(s, filter, orderBy, ticketSort), err
}

func ticketFilter(c *conditions, path string, depth int, w *graph.TicketWhere) store.Filter {
	return store.And(
		logic(c, path, depth, w.And, w.Or, w.Not, ticketFilter),
		compare(c, path, "id", "_id", w.ID, idOf(db.KindTicket)),
		compare(c, path, "status", "status", w.Status, stored),
		compare(c, path, "priority", "priority", w.Priority, rank),
		compare(c, path, "createdAt", "created_at", w.CreatedAt, moment),
		compare(c, path, "updatedAt", "updated_at", w.UpdatedAt, moment),
		compare(c, path, "interactionId", "interaction_id", w.InteractionID, idOf(db.KindInteraction)),
		compare(c, path, "customerId", "customer_id", w.CustomerID, idOf(db.KindCustomer)),
		compare(c, path, "assigneeId", "assignee_id", w.AssigneeID, idOf(db.KindUser)),
		related(c, path, "interaction", depth, w.Interaction, "interaction_id", db.Interactions, interactionFilter),
		related(c, path, "customer", depth, w.Customer, "customer_id", db.Customers, customerFilter),
		related(c, path, "assignee", depth, w.Assignee, "assignee_id", db.Users, userFilter),
	)
}

func ticketSort(o *graph.TicketOrder) store.Sort {
	fields := map[graph.TicketOrderField]string{
		graph.TicketOrderFieldPriority: "priority", graph.TicketOrderFieldCreatedAt: "created_at",
		graph.TicketOrderFieldUpdatedAt: "updated_at",
	}
	return store.Sort{Field: fields[o.Field], Desc: o.Direction == graph.OrderDirectionDesc}
}
