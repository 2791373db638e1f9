package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

var _ store.Checker = (*Store)(nil)

// Check implements store.Checker: SQLite reads the whole file, and compares tables with their indexes.
func (s *Store) Check(ctx context.Context) (flaws []string, err error) {
	err = s.read(ctx, store.Events, func(r *conn) error {
		r.builder.reset(s)
		r.builder.write("PRAGMA integrity_check")
		return r.run(func(stmt *sqlite.Stmt) error {
			if flaw := stmt.ColumnText(0); flaw != "ok" {
				flaws = append(flaws, flaw)
			}
			return nil
		})
	})
	return flaws, err
}
