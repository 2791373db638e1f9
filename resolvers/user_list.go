package resolvers

import (
	"crm/db"
	"crm/db/store"
	"crm/graph"
)

func userList(s slice, where *graph.UserWhere, orderBy []*graph.UserOrder) (db.List, error) {
	filter, err := filterOf(where, userFilter)
	return list(s, filter, orderBy, userSort), err
}

func userFilter(c *conditions, path string, depth int, w *graph.UserWhere) store.Filter {
	filters := []store.Filter{
		logic(c, path, depth, w.And, w.Or, w.Not, userFilter),
		compare(c, path, "id", "_id", w.ID, idOf(db.KindUser)),
		compare(c, path, "name", "name_key", w.Name, folded),
		compare(c, path, "email", "email_key", w.Email, folded),
		compare(c, path, "role", "role", w.Role, roleName),
		compare(c, path, "createdAt", "created_at", w.CreatedAt, moment),
		compare(c, path, "updatedAt", "updated_at", w.UpdatedAt, moment),
	}
	if given(c, w.Active, path+".active", w.Active.Value() == nil) {
		filters = append(filters, nullness(path+".active", "deactivated_at", *w.Active.Value()))
	}
	return store.And(filters...)
}

func userSort(o *graph.UserOrder) store.Sort {
	fields := map[graph.UserOrderField]string{
		graph.UserOrderFieldName: "name_key", graph.UserOrderFieldEmail: "email_key",
		graph.UserOrderFieldCreatedAt: "created_at",
	}
	return store.Sort{Field: fields[o.Field], Desc: o.Direction == graph.OrderDirectionDesc}
}
