package resolvers

import (
	"crm/db"
	"crm/db/store"
	"crm/graph"
)

func interactionList(
	s slice, where *graph.InteractionWhere, orderBy []*graph.InteractionOrder,
) (db.List, error) {
	filter, err := filterOf(where, interactionFilter)
	return list(s, filter, orderBy, interactionSort), err
}

func interactionFilter(c *conditions, path string, depth int, w *graph.InteractionWhere) store.Filter {
	return store.And(
		logic(c, path, depth, w.And, w.Or, w.Not, interactionFilter),
		compare(c, path, "id", "_id", w.ID, idOf(db.KindInteraction)),
		compare(c, path, "kind", "kind", w.Kind, stored),
		compare(c, path, "title", "title_key", w.Title, folded),
		compare(c, path, "status", "status", w.Status, stored),
		compare(c, path, "startTime", "start_time", w.StartTime, moment),
		compare(c, path, "endTime", "end_time", w.EndTime, moment),
		compare(c, path, "createdAt", "created_at", w.CreatedAt, moment),
		compare(c, path, "updatedAt", "updated_at", w.UpdatedAt, moment),
		compare(c, path, "userId", "user_id", w.UserID, idOf(db.KindUser)),
		compare(c, path, "customerId", "customer_id", w.CustomerID, idOf(db.KindCustomer)),
		related(c, path, "user", depth, w.User, "user_id", db.Users, userFilter),
		related(c, path, "customer", depth, w.Customer, "customer_id", db.Customers, customerFilter),
	)
}

func interactionSort(o *graph.InteractionOrder) store.Sort {
	fields := map[graph.InteractionOrderField]string{
		graph.InteractionOrderFieldStartTime: "start_time", graph.InteractionOrderFieldTitle: "title_key",
		graph.InteractionOrderFieldCreatedAt: "created_at", graph.InteractionOrderFieldUpdatedAt: "updated_at",
	}
	return store.Sort{Field: fields[o.Field], Desc: o.Direction == graph.OrderDirectionDesc}
}
