package main

import (
	"context"
	"database/sql"
	"math"
	"net/http"
	"strconv"
	"strings"
)

const selectCustomers = `SELECT _id, name, email, company, created_at FROM customers
WHERE (created_at, _id) < (?, ?) ORDER BY created_at DESC, _id DESC LIMIT 50`

const selectCompany = `SELECT _id, name, email, company, created_at FROM customers
WHERE company_key = ? ORDER BY created_at DESC, _id DESC LIMIT 50`

const countCompany = `SELECT count(*) FROM customers WHERE company_key = ?`

// The newest children of each of many parents: the list of parents joined with the rows of a limited subquery.
const selectInteractions = `SELECT p.key, i._id, i.title, i.kind, i.start_time, i.status
FROM json_each(?) AS p CROSS JOIN interactions AS i ON i._id IN (
  SELECT _id FROM interactions WHERE customer_id = unhex(p.value) ORDER BY created_at DESC, _id DESC LIMIT 5)
ORDER BY p.key, i.created_at DESC, i._id DESC`

const selectTickets = `SELECT p.key, t._id, t.description, t.status, t.priority, t.created_at
FROM json_each(?) AS p CROSS JOIN tickets AS t ON t._id IN (
  SELECT _id FROM tickets WHERE interaction_id = unhex(p.value) ORDER BY created_at DESC, _id DESC LIMIT 3)
ORDER BY p.key, t.created_at DESC, t._id DESC`

const countInteractions = `SELECT p.key, (SELECT count(*) FROM interactions WHERE customer_id = unhex(p.value))
FROM json_each(?) AS p`

type customerFields struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Email     string   `json:"email"`
	Company   *string  `json:"company"`
	CreatedAt dateTime `json:"createdAt"`
}

type customer struct {
	customerFields
	Interactions []interaction `json:"interactions"`
}

type interaction struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Kind      string   `json:"kind"`
	StartTime dateTime `json:"startTime"`
	Status    string   `json:"status"`
	Tickets   []ticket `json:"tickets"`
}

type ticket struct {
	ID          string   `json:"id"`
	Description string   `json:"description"`
	Status      string   `json:"status"`
	Priority    string   `json:"priority"`
	CreatedAt   dateTime `json:"createdAt"`
}

// serveCustomers is case Q1: the page after the customer with a creation time and an id.
func (s *store) serveCustomers(w http.ResponseWriter, r *http.Request) {
	after, id := int64(math.MaxInt64), []byte{}
	if text := r.FormValue("after"); text != "" {
		var err error
		if after, err = strconv.ParseInt(text, 10, 64); err == nil {
			id, err = parseID("cus", r.FormValue("id"))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	page, err := s.page(r.Context(), s.prepared.customers, after, id)
	answer(w, page, err)
}

// page reads the customers that a statement selects, with their interactions and tickets: three statements.
func (s *store) page(ctx context.Context, stmt *sql.Stmt, arguments ...any) ([]customer, error) {
	customers, err := query(ctx, stmt, func(rows *sql.Rows, c *customer) error {
		var id []byte
		var created int64
		err := rows.Scan(&id, &c.Name, &c.Email, &c.Company, &created)
		c.ID, c.CreatedAt, c.Interactions = globalID("cus", id), at(created), []interaction{}
		return err
	}, arguments...)
	if err != nil {
		return nil, err
	}
	interactions, err := s.addInteractions(ctx, customers)
	if err != nil {
		return nil, err
	}
	return customers, s.addTickets(ctx, interactions)
}

// addInteractions adds the newest interactions of each customer, and returns pointers to them.
func (s *store) addInteractions(ctx context.Context, customers []customer) ([]*interaction, error) {
	parents, err := idList(customers, func(c *customer) string { return c.ID })
	if err != nil {
		return nil, err
	}
	_, err = query(ctx, s.prepared.interactions, func(rows *sql.Rows, i *interaction) error {
		var parent int
		var id []byte
		var start int64
		err := rows.Scan(&parent, &id, &i.Title, &i.Kind, &start, &i.Status)
		i.ID, i.StartTime, i.Tickets = globalID("int", id), at(start), []ticket{}
		i.Kind, i.Status = strings.ToUpper(i.Kind), strings.ToUpper(i.Status)
		customers[parent].Interactions = append(customers[parent].Interactions, *i)
		return err
	}, parents)
	var all []*interaction
	for i := range customers {
		for j := range customers[i].Interactions {
			all = append(all, &customers[i].Interactions[j])
		}
	}
	return all, err
}

// addTickets adds the newest tickets of each interaction.
func (s *store) addTickets(ctx context.Context, interactions []*interaction) error {
	parents, err := idList(interactions, func(i **interaction) string { return (*i).ID })
	if err != nil {
		return err
	}
	_, err = query(ctx, s.prepared.tickets, func(rows *sql.Rows, t *ticket) error {
		var parent int
		err := t.scan(rows, &parent)
		interactions[parent].Tickets = append(interactions[parent].Tickets, *t)
		return err
	}, parents)
	return err
}

// scan reads a ticket; the row may have other columns before and after those of the ticket.
func (t *ticket) scan(rows *sql.Rows, before any, behind ...any) error {
	var id []byte
	var priority int
	var created int64
	columns := []any{&id, &t.Description, &t.Status, &priority, &created}
	if before != nil {
		columns = append([]any{before}, columns...)
	}
	err := rows.Scan(append(columns, behind...)...)
	t.ID, t.CreatedAt = globalID("tkt", id), at(created)
	t.Status, t.Priority = strings.ToUpper(t.Status), priorityName(priority)
	return err
}

func priorityName(priority int) string {
	switch priority {
	case 1:
		return "LOW"
	case 3:
		return "HIGH"
	case 4:
		return "URGENT"
	}
	return "MEDIUM"
}

// query reads all rows that a statement selects.
func query[T any](
	ctx context.Context, stmt *sql.Stmt, scan func(*sql.Rows, *T) error, arguments ...any,
) ([]T, error) {
	rows, err := stmt.QueryContext(ctx, arguments...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err reports its error
	found := []T{}
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}
