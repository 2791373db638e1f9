package main

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// makeNarrowData creates a file with the same content for a peer: only the columns that the cases read, integer keys, and the
// tickets of an interaction side by side. The keys are the documents' numbers in the world, from which with the time of creation the
// ids follow. The newest row of a parent has the greatest key.
func makeNarrowData(ctx context.Context, from, path string) error {
	return withFile(ctx, path, func(conn *sqlite.Conn) error {
		return execute(conn, fmt.Sprintf("ATTACH '%s' AS ours", from),
			`CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, company TEXT, created_at INTEGER)`,
			`INSERT INTO customers SELECT rowid - 1, name, email, company, created_at FROM ours.customers ORDER BY rowid`,
			`CREATE TABLE interactions (id INTEGER PRIMARY KEY, customer_id INTEGER, title TEXT, description TEXT, kind TEXT,
			  start_time INTEGER, status TEXT, created_at INTEGER)`,
			fmt.Sprintf(`INSERT INTO interactions SELECT rowid - 1, (rowid - 1) / %d, title, description, upper(kind), start_time,
			  upper(status), created_at FROM ours.interactions ORDER BY rowid`, interactionsEach),
			`CREATE INDEX interactions_of ON interactions (customer_id)`,
			`CREATE TABLE tickets (interaction_id INTEGER, id INTEGER, customer_id INTEGER, description TEXT, status TEXT,
			  priority TEXT, created_at INTEGER, PRIMARY KEY (interaction_id, id)) WITHOUT ROWID`,
			fmt.Sprintf(`INSERT INTO tickets SELECT (rowid - 1) / %d, rowid - 1, (rowid - 1) / %d, description, upper(status),
			  CASE priority WHEN 1 THEN 'LOW' WHEN 2 THEN 'MEDIUM' WHEN 3 THEN 'HIGH' ELSE 'URGENT' END, created_at
			  FROM ours.tickets ORDER BY rowid`, ticketsEach, ticketsEach*interactionsEach),
			`CREATE UNIQUE INDEX tickets_id ON tickets (id)`,
			`CREATE INDEX tickets_open ON tickets (created_at, id) WHERE status = 'OPEN'`, "DETACH ours")
	})
}
