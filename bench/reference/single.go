package main

import (
	"database/sql"
	"errors"
	"net/http"
	"strings"
)

const selectInteraction = `SELECT i._id, i.title, i.description, i.kind, i.start_time, i.status,
  c._id, c.name, c.email, c.company
FROM interactions AS i JOIN customers AS c ON c._id = i.customer_id WHERE i._id = ?`

const selectInteractionTickets = `SELECT _id, description, status, priority, created_at FROM tickets
WHERE interaction_id = ? ORDER BY created_at DESC, _id DESC LIMIT 10`

const selectOpenTickets = `SELECT t._id, t.description, t.status, t.priority, t.created_at, c.name
FROM tickets AS t JOIN customers AS c ON c._id = t.customer_id
WHERE t.status = 'open' ORDER BY t.created_at DESC, t._id DESC LIMIT 20`

type person struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Company *string `json:"company"`
}

type fullInteraction struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Kind        string   `json:"kind"`
	StartTime   dateTime `json:"startTime"`
	Status      string   `json:"status"`
	Customer    person   `json:"customer"`
	Tickets     []ticket `json:"tickets"`
}

// serveInteraction is case Q2.
func (s *store) serveInteraction(w http.ResponseWriter, r *http.Request) {
	id, err := parseID("int", r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var customerID []byte
	var start int64
	i := fullInteraction{ID: r.PathValue("id")}
	err = s.prepared.interaction.QueryRowContext(r.Context(), id).Scan(&id, &i.Title, &i.Description, &i.Kind, &start,
		&i.Status, &customerID, &i.Customer.Name, &i.Customer.Email, &i.Customer.Company)
	if errors.Is(err, sql.ErrNoRows) {
		http.NotFound(w, r)
		return
	}
	if err == nil {
		i.StartTime, i.Customer.ID = at(start), globalID("cus", customerID)
		i.Kind, i.Status = strings.ToUpper(i.Kind), strings.ToUpper(i.Status)
		i.Tickets, err = query(r.Context(), s.prepared.interactionTickets,
			func(rows *sql.Rows, t *ticket) error { return t.scan(rows, nil) }, id)
	}
	answer(w, i, err)
}

type openTicket struct {
	ticket
	Customer named `json:"customer"`
}

type named struct {
	Name string `json:"name"`
}

// serveOpenTickets is case Q3.
func (s *store) serveOpenTickets(w http.ResponseWriter, r *http.Request) {
	tickets, err := query(r.Context(), s.prepared.openTickets, func(rows *sql.Rows, t *openTicket) error {
		return t.scan(rows, nil, &t.Customer.Name)
	})
	answer(w, tickets, err)
}
