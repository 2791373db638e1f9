package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// part is an index or full-text index that a table should have.
type part struct {
	name   string
	unique bool
	// quick says that it takes hardly any time to build, however large the table is.
	quick bool
	// definitions are the statements that build it.
	definitions []string
	// built is called once it has been built.
	built func()
}

// MissingIndexes implements store.Store.
func (s *Store) MissingIndexes(ctx context.Context) ([]string, error) {
	var names []string
	err := s.read(ctx, store.Events, func(r *conn) error {
		for _, c := range s.collections {
			missing, err := r.missing(s.table(c))
			if err != nil {
				return err
			}
			for _, part := range missing {
				names = append(names, part.name)
			}
		}
		return nil
	})
	return names, err
}

// EnsureIndexes implements store.Store. Each index is built in a transaction of its own: reads go on meanwhile, and
// writes wait for one index at most. An interrupted build leaves nothing.
func (s *Store) EnsureIndexes(ctx context.Context) error {
	if err := s.EnsureConstraints(ctx); err != nil {
		return err
	}
	for _, c := range s.collections {
		t := s.table(c)
		var missing []part
		err := s.read(ctx, c, func(r *conn) (err error) {
			missing, err = r.missing(t)
			return err
		})
		if err != nil {
			return err
		}
		for _, part := range missing {
			if err := s.alter(ctx, func(w *conn) error { return w.build(part) }); err != nil {
				return fmt.Errorf("cannot build %s: %w", part.name, err)
			}
			part.built()
		}
		if len(c.Searched) == 0 {
			continue
		}
		if err := s.alter(ctx, func(w *conn) error { return errors.Join(w.mergeOnRequest(t), w.indexNew(t)) }); err != nil {
			return fmt.Errorf("cannot index new documents of %s: %w", c.Name, err)
		}
	}
	return nil
}

// missing returns the parts that a table lacks, and marks the table searchable if it has its full-text index.
func (c *conn) missing(t *table) ([]part, error) {
	existing, err := c.indexNames(t)
	if err != nil {
		return nil, err
	}
	var missing []part
	for _, index := range t.collection.Indexes {
		if !existing[index.Name] {
			missing = append(missing, part{
				name: index.Name, unique: index.Unique, definitions: []string{indexDefinition(t, index)}, built: func() {},
			})
		}
	}
	search, err := c.missingSearch(t)
	return append(missing, search...), err
}

func (c *conn) build(p part) error {
	for _, definition := range p.definitions {
		if err := c.exec(definition); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) indexNames(t *table) (map[string]bool, error) {
	names := make(map[string]bool)
	c.builder.reset(nil)
	c.builder.write("SELECT name FROM pragma_index_list(")
	c.builder.arg(t.collection.Name)
	c.builder.write(")")
	err := c.run(func(stmt *sqlite.Stmt) error {
		names[stmt.ColumnText(0)] = true
		return nil
	})
	return names, err
}

// isSmall reports whether building an index on the table takes hardly any time.
func (c *conn) isSmall(t *table) (bool, error) {
	small := true
	c.builder.reset(nil)
	c.builder.write("SELECT 1 FROM ", t.name, fmt.Sprintf(" LIMIT 1 OFFSET %d", smallTable))
	err := c.run(func(*sqlite.Stmt) error {
		small = false
		return nil
	})
	return small, err
}

func indexDefinition(t *table, index store.Index) string {
	keys := make([]string, len(index.Keys))
	for i, key := range index.Keys {
		keys[i] = quote(key.Field)
		if key.Desc {
			keys[i] += " DESC"
		}
	}
	unique := ""
	if index.Unique {
		unique = "UNIQUE "
	}
	return fmt.Sprintf("CREATE %sINDEX IF NOT EXISTS %s ON %s (%s)",
		unique, quote(index.Name), t.name, strings.Join(keys, ", "))
}
