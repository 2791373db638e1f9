package store

import "context"

// Checker is a Store that can find out whether its database is damaged.
type Checker interface {
	// Check returns what is wrong with the database, in words; nothing if it is sound. It may read all of it.
	Check(ctx context.Context) (flaws []string, err error)
}
