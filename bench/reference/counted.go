package main

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
)

// counted is a part of a list, with the length of the whole list.
type counted[T any] struct {
	TotalCount int `json:"totalCount"`
	Items      []T `json:"items"`
}

type countedCustomer struct {
	customerFields
	Interactions counted[interaction] `json:"interactions"`
}

// serveCompany is case Q4: the customers of a company, with counts.
func (s *store) serveCompany(w http.ResponseWriter, r *http.Request) {
	found, err := s.company(r.Context(), strings.ToLower(r.PathValue("name")))
	answer(w, found, err)
}

func (s *store) company(ctx context.Context, key string) (found counted[countedCustomer], err error) {
	customers, err := s.page(ctx, s.prepared.company, key)
	if err != nil {
		return found, err
	}
	if err := s.prepared.companySize.QueryRowContext(ctx, key).Scan(&found.TotalCount); err != nil {
		return found, err
	}
	found.Items = make([]countedCustomer, len(customers))
	for i, c := range customers {
		found.Items[i] = countedCustomer{customerFields: c.customerFields}
		found.Items[i].Interactions.Items = c.Interactions
	}
	parents, err := idList(customers, func(c *customer) string { return c.ID })
	if err != nil {
		return found, err
	}
	_, err = query(ctx, s.prepared.interactionCounts, func(rows *sql.Rows, _ *struct{}) error {
		var parent, count int
		err := rows.Scan(&parent, &count)
		found.Items[parent].Interactions.TotalCount = count
		return err
	}, parents)
	return found, err
}
