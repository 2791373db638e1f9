package main

import (
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// fill writes the world to an empty file of the server. It drops the indexes; the engine builds them afterwards, which takes a
// fraction of the time.
func fill(conn *sqlite.Conn, w *world, progress *progress) error {
	var drops []string
	const list = `SELECT format('DROP INDEX "%w"', name) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`
	err := sqlitex.ExecuteTransient(conn, list, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		drops = append(drops, stmt.ColumnText(0))
		return nil
	}})
	if err != nil {
		return err
	}
	if err := execute(conn, drops...); err != nil {
		return err
	}
	return insertAll(conn, w, progress)
}

// insertAll writes one customer after the other, as the demo does, each with all its documents.
func insertAll(conn *sqlite.Conn, w *world, progress *progress) (err error) {
	defer sqlitex.Transaction(conn)(&err)
	tables := newTables(conn)
	if err := tables.users.insert(w.admin()); err != nil {
		return err
	}
	for i := range w.customers {
		progress.show("%d of %d customers", i, w.customers)
		if err := tables.insertCustomer(w, i); err != nil {
			return err
		}
	}
	return nil
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
	keys       *textkey.Keys
	text       string
}

func newTable(conn *sqlite.Conn, c *store.Collection) *table {
	names := make([]string, len(c.Fields))
	for i, field := range c.Fields {
		names[i] = `"` + field.Name + `"`
	}
	return &table{conn: conn, collection: c, keys: textkey.Default(), text: fmt.Sprintf(`INSERT INTO "%s" (%s) VALUES (?%s)`,
		c.Name, strings.Join(names, ", "), strings.Repeat(", ?", len(names)-1))}
}

// insert writes a document with its keys.
func (t *table) insert(doc store.Document) error {
	if keyed, ok := doc.(entity.Keyed); ok {
		keyed.SetKeys(t.keys)
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
