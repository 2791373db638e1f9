package sqlite

import (
	"context"
	"math/bits"
	"os"
	"sync/atomic"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

var _ store.Measured = (*Store)(nil)

// groupSizes counts the committed transactions by how many operations each had: at[i] has those of at most 2 to the power of i.
type groupSizes struct {
	at         [7]atomic.Uint64 // up to maxGroup
	operations atomic.Uint64
}

func (g *groupSizes) add(operations int) {
	if operations > 0 {
		g.at[min(bits.Len(uint(operations-1)), len(g.at)-1)].Add(1)
		g.operations.Add(uint64(operations))
	}
}

// Measures implements store.Measured.
func (s *Store) Measures() []store.Measure {
	sizes := make([]uint64, len(s.groupSizes.at))
	var total uint64
	for i := range sizes {
		total += s.groupSizes.at[i].Load()
		sizes[i] = total
	}
	return []store.Measure{
		{Name: "sqlite_file_bytes", Help: "Size of the data file.", Value: fileSize(s.path)},
		{Name: "sqlite_wal_bytes", Help: "Size of the write-ahead log beside the data file.", Value: fileSize(s.path + "-wal")},
		{
			Name: "sqlite_transaction_writes", Help: "How many writes shared a transaction and its sync.",
			Value: float64(s.groupSizes.operations.Load()), Sizes: sizes,
		},
	}
}

// fileSize returns the size of a file, zero if there is none.
func fileSize(path string) float64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return float64(info.Size())
}

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
