package resolvers

import (
	"crm/db"
	"crm/db/store"
	"crm/graph"
)

func customerList(s slice, where *graph.CustomerWhere, orderBy []*graph.CustomerOrder) (db.List, error) {
	filter, err := filterOf(where, customerFilter)
	return list(s, filter, orderBy, customerSort), err
}

func customerFilter(c *conditions, path string, depth int, w *graph.CustomerWhere) store.Filter {
	return store.And(
		logic(c, path, depth, w.And, w.Or, w.Not, customerFilter),
		compare(c, path, "id", "_id", w.ID, idOf(db.KindCustomer)),
		compare(c, path, "name", "name_key", w.Name, folded),
		compare(c, path, "email", "email_key", w.Email, folded),
		compare(c, path, "company", "company_key", w.Company, folded),
		compare(c, path, "phone", "phone", w.Phone, plain),
		compare(c, path, "createdAt", "created_at", w.CreatedAt, moment),
		compare(c, path, "updatedAt", "updated_at", w.UpdatedAt, moment),
	)
}

func customerSort(o *graph.CustomerOrder) store.Sort {
	fields := map[graph.CustomerOrderField]string{
		graph.CustomerOrderFieldName: "name_key", graph.CustomerOrderFieldEmail: "email_key",
		graph.CustomerOrderFieldCreatedAt: "created_at", graph.CustomerOrderFieldUpdatedAt: "updated_at",
	}
	return store.Sort{Field: fields[o.Field], Desc: o.Direction == graph.OrderDirectionDesc}
}
