package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// fill writes the world to an empty file. It journals and syncs nothing, because a crash may corrupt a file that is not in
// use yet.
func fill(ctx context.Context, path string, w *world, progress *progress) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx.Done())
	err = execute(conn, "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF",
		"PRAGMA cache_size = -262144")
	if err != nil {
		return err
	}
	if err := insertAll(conn, w, progress); err != nil {
		return err
	}
	return execute(conn, "PRAGMA synchronous = FULL", "PRAGMA journal_mode = WAL")
}

// transactionSize is the number of customers per transaction, each with all its documents.
const transactionSize = 2000

// insertAll writes one customer after the other, as the demo does, each with all its documents.
func insertAll(conn *sqlite.Conn, w *world, progress *progress) error {
	tables := newTables(conn)
	admin := w.admin()
	err := tables.users.insert(admin)
	for i := 0; i < w.customers && err == nil; i++ {
		if i%transactionSize == 0 {
			progress.show("%d of %d customers", i, w.customers)
			if err = execute(conn, "BEGIN"); err != nil {
				return err
			}
		}
		err = tables.insertCustomer(w, i)
		if last := i == w.customers-1; err == nil && (last || i%transactionSize == transactionSize-1) {
			err = execute(conn, "COMMIT")
		}
	}
	return err
}

type tables struct{ users, customers, interactions, tickets *table }

func newTables(conn *sqlite.Conn) *tables {
	return &tables{
		users: newTable(conn, db.Users.Collection), customers: newTable(conn, db.Customers.Collection),
		interactions: newTable(conn, db.Interactions.Collection), tickets: newTable(conn, db.Tickets.Collection),
	}
}

func (t *tables) insertCustomer(w *world, i int) error {
	customer := w.customer(i)
	err := t.customers.insert(customer)
	for j := 0; j < interactionsEach && err == nil; j++ {
		interaction := w.interaction(i, j)
		err = t.interactions.insert(interaction)
		for k := 0; k < ticketsEach && err == nil; k++ {
			err = t.tickets.insert(w.ticket(i, j, k, interaction))
		}
	}
	return err
}

// table inserts documents of a collection.
type table struct {
	conn       *sqlite.Conn
	collection *store.Collection
	text       string
}

func newTable(conn *sqlite.Conn, c *store.Collection) *table {
	names := make([]string, len(c.Fields))
	for i, field := range c.Fields {
		names[i] = `"` + field.Name + `"`
	}
	return &table{conn: conn, collection: c, text: fmt.Sprintf(`INSERT INTO "%s" (%s) VALUES (?%s)`,
		c.Name, strings.Join(names, ", "), strings.Repeat(", ?", len(names)-1))}
}

// insert writes a document with its keys.
func (t *table) insert(doc store.Document) error {
	if keyed, ok := doc.(entity.Keyed); ok {
		keyed.SetKeys(textkey.Default())
	}
	stmt, err := t.conn.Prepare(t.text)
	if err != nil {
		return err
	}
	for i, pointer := range doc.Pointers(nil) {
		field := t.collection.Fields[i]
		if err := bind(stmt, i+1, pointer); err != nil {
			return fmt.Errorf("%s.%s: %w", t.collection.Name, field.Name, err)
		}
	}
	if _, err := stmt.Step(); err != nil {
		return err
	}
	return stmt.Reset()
}
