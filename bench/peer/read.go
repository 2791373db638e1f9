package main

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// The statements that read. Keys increase with time, except between the tickets of different interactions. Limits are no
// parameters, because SQLite prepares a statement anew whenever its limit is bound.
const (
	selectCustomers    = `SELECT id, created_at, name, email, company FROM customers WHERE id < ? ORDER BY id DESC LIMIT 50`
	selectInteractions = `SELECT id, created_at, title, kind, start_time, status FROM interactions
WHERE customer_id = ? ORDER BY id DESC LIMIT 5`
	selectInteraction = `SELECT i.id, i.created_at, i.title, i.description, i.kind, i.start_time, i.status,
  c.id, c.created_at, c.name, c.email, c.company
FROM interactions AS i JOIN customers AS c ON c.id = i.customer_id WHERE i.id = ?`
	selectTickets = `SELECT id, created_at, description, status, priority FROM tickets
WHERE interaction_id = ? ORDER BY id DESC LIMIT `
	selectOpenTickets = `SELECT t.id, t.created_at, t.description, t.status, t.priority, c.name
FROM tickets AS t JOIN customers AS c ON c.id = t.customer_id
WHERE t.status = 'OPEN' ORDER BY t.created_at DESC, t.id DESC LIMIT 20`
)

// reader renders responses into its body.
type reader struct {
	conn                                     *sqlite.Conn
	begin, commit                            *sqlite.Stmt
	customerRows, interactionRows            *sqlite.Stmt
	interactionRow, threeTickets, tenTickets *sqlite.Stmt
	openTicketRows                           *sqlite.Stmt
	body                                     []byte
}

func newReader(file string) (*reader, error) {
	conn, err := open(file)
	if err != nil {
		return nil, err
	}
	r := &reader{conn: conn}
	return r, prepare(conn, map[string]**sqlite.Stmt{
		"BEGIN": &r.begin, "COMMIT": &r.commit, selectCustomers: &r.customerRows, selectInteractions: &r.interactionRows,
		selectInteraction: &r.interactionRow, selectTickets + "3": &r.threeTickets, selectTickets + "10": &r.tenTickets,
		selectOpenTickets: &r.openTicketRows,
	})
}

// open opens a connection to the file.
func open(file string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadWrite|sqlite.OpenWAL)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(10 * time.Second)
	for _, pragma := range []string{"synchronous = FULL", "cache_size = -65536", "mmap_size = 1073741824"} {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

func prepare(conn *sqlite.Conn, statements map[string]**sqlite.Stmt) (err error) {
	for text, stmt := range statements {
		if *stmt, err = conn.Prepare(text); err != nil {
			return errors.Join(err, conn.Close())
		}
	}
	return nil
}

// transaction runs reads on one snapshot.
func (r *reader) transaction(read func() error) error {
	if _, err := r.begin.Step(); err != nil {
		return err
	}
	err := read()
	_, ended := r.commit.Step()
	return errors.Join(err, ended)
}

// list renders the rows of a statement as a list.
func (r *reader) list(stmt *sqlite.Stmt, row func() error) error {
	r.body = append(r.body, `{"nodes":[`...)
	for first := true; ; first = false {
		more, err := stmt.Step()
		if err != nil || !more {
			r.body = append(r.body, `]}`...)
			return errors.Join(err, stmt.Reset())
		}
		if !first {
			r.body = append(r.body, ',')
		}
		if err := row(); err != nil {
			return errors.Join(err, stmt.Reset())
		}
	}
}

// customers is case Q1.
func (r *reader) customers(request *http.Request) (err error) {
	after := int64(math.MaxInt64)
	if text := request.URL.RawQuery; text != "" {
		if after, err = strconv.ParseInt(text[len("after="):], 10, 64); err != nil {
			return err
		}
	}
	stmt := r.customerRows
	stmt.BindInt64(1, after)
	r.body = append(r.body, `{"data":{"customers":`...)
	err = r.list(stmt, func() error {
		r.id(stmt, 0, `{"id":"cus_`)
		r.text(stmt, 2, `","name":`)
		r.text(stmt, 3, `,"email":`)
		r.text(stmt, 4, `,"company":`)
		r.time(stmt, 1, `,"createdAt":"`)
		r.body = append(r.body, `","interactions":`...)
		return r.interactions(stmt.ColumnInt64(0))
	})
	r.body = append(r.body, `}}`...)
	return err
}

func (r *reader) interactions(customer int64) error {
	stmt := r.interactionRows
	stmt.BindInt64(1, customer)
	err := r.list(stmt, func() error {
		r.id(stmt, 0, `{"id":"int_`)
		r.text(stmt, 2, `","title":`)
		r.text(stmt, 3, `,"kind":`)
		r.time(stmt, 4, `,"startTime":"`)
		r.text(stmt, 5, `","status":`)
		r.body = append(r.body, `,"tickets":`...)
		err := r.tickets(r.threeTickets, stmt.ColumnInt64(0))
		r.body = append(r.body, '}')
		return err
	})
	r.body = append(r.body, '}')
	return err
}

func (r *reader) tickets(stmt *sqlite.Stmt, interaction int64) error {
	stmt.BindInt64(1, interaction)
	return r.list(stmt, func() error {
		r.ticket(stmt)
		r.body = append(r.body, '}')
		return nil
	})
}

// ticket renders the fields of a ticket without the closing brace.
func (r *reader) ticket(stmt *sqlite.Stmt) {
	r.id(stmt, 0, `{"id":"tkt_`)
	r.text(stmt, 2, `","description":`)
	r.text(stmt, 3, `,"status":`)
	r.text(stmt, 4, `,"priority":`)
	r.time(stmt, 1, `,"createdAt":"`)
	r.body = append(r.body, '"')
}

// interaction is case Q2.
func (r *reader) interaction(request *http.Request) error {
	key, err := parseID(request.PathValue("id"))
	if err != nil {
		return err
	}
	stmt := r.interactionRow
	stmt.BindInt64(1, key)
	defer func() { _ = stmt.Reset() }() // repeats the error of Step
	found, err := stmt.Step()
	if err == nil && !found {
		err = fmt.Errorf("there is no interaction %d", key)
	}
	if err != nil {
		return err
	}
	r.id(stmt, 0, `{"data":{"interaction":{"id":"int_`)
	r.text(stmt, 2, `","title":`)
	r.text(stmt, 3, `,"description":`)
	r.text(stmt, 4, `,"kind":`)
	r.time(stmt, 5, `,"startTime":"`)
	r.text(stmt, 6, `","status":`)
	r.id(stmt, 7, `,"customer":{"id":"cus_`)
	r.text(stmt, 9, `","name":`)
	r.text(stmt, 10, `,"email":`)
	r.text(stmt, 11, `,"company":`)
	r.body = append(r.body, `},"tickets":`...)
	err = r.tickets(r.tenTickets, key)
	r.body = append(r.body, `}}}`...)
	return err
}

// openTickets is case Q3.
func (r *reader) openTickets(*http.Request) error {
	r.body = append(r.body, `{"data":{"tickets":`...)
	stmt := r.openTicketRows
	err := r.list(stmt, func() error {
		r.ticket(stmt)
		r.text(stmt, 5, `,"customer":{"name":`)
		r.body = append(r.body, `}}`...)
		return nil
	})
	r.body = append(r.body, `}}`...)
	return err
}
