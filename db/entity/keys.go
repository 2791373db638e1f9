package entity

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"crm/auth"
	"crm/db/store"
)

// KeySignature identifies the keys of an entity that are made.
func (d *Database) KeySignature(def *Definition) string {
	names := make([]string, len(def.KeyFields))
	for i, key := range def.KeyFields {
		names[i] = key.Name + " " + string(key.Kind)
	}
	slices.Sort(names)
	return d.Keys.Signature() + ": " + strings.Join(names, ", ")
}

// RefreshKeys writes the keys of all documents of an entity that have others than those that are made now, and returns
// their number. Unique keys stay: they don't depend on settings. Clients needn't notice the change, so the version stays.
func (d *Database) RefreshKeys(ctx context.Context, def *Definition) (changed int, err error) {
	return d.repositories[def.Collection].refreshKeys(ctx)
}

// refreshBatch is how many documents are read at a time, and refreshWriters how many of them are written at once, so that
// the embedded engine commits them together.
const (
	refreshBatch   = 500
	refreshWriters = 16
)

func (r *Repository[T]) refreshKeys(ctx context.Context) (changed int, err error) {
	query := store.Query{Sort: []store.Sort{{Field: "_id"}}, Limit: refreshBatch}
	for {
		found, err := r.find(ctx, auth.SystemScope(), query)
		if err != nil {
			return changed, err
		}
		n, err := r.refreshAll(ctx, found)
		if changed += n; err != nil || len(found) < refreshBatch {
			return changed, err
		}
		query.After = []any{r.ID(found[len(found)-1])}
	}
}

// refreshAll refreshes documents and returns how many of them had other keys.
func (r *Repository[T]) refreshAll(ctx context.Context, docs []*T) (changed int, err error) {
	var mutex sync.Mutex
	var writers sync.WaitGroup
	for part := range slices.Chunk(docs, refreshBatch/refreshWriters+1) {
		writers.Go(func() {
			for _, doc := range part {
				was, refreshErr := r.refresh(ctx, doc)
				mutex.Lock()
				if was {
					changed++
				}
				err = cmp.Or(err, refreshErr)
				failed := err != nil
				mutex.Unlock()
				if failed {
					return
				}
			}
		})
	}
	writers.Wait()
	return changed, err
}

// refresh writes a document's keys if they are outdated. A document that somebody has just changed has new ones.
func (r *Repository[T]) refresh(ctx context.Context, doc *T) (outdated bool, err error) {
	next := new(T)
	*next = *doc
	set := slices.DeleteFunc(r.difference(doc, next), r.isChange)
	if len(set) == 0 {
		return false, nil
	}
	err = r.Assign(ctx, r.ID(doc), AtVersion(r.version(doc)), set)
	if err != nil && store.CodeOf(err) != store.NotFound {
		return false, fmt.Errorf("cannot refresh the keys of %s %s: %w", r.def.Noun, r.ID(doc), err)
	}
	return true, nil
}
