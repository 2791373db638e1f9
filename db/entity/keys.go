package entity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

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

// upgradeBatch is how many documents of earlier versions are read at a time, and writers how many documents are written at once,
// so that the embedded engine commits them together.
const (
	upgradeBatch = 500
	writers      = 64
)

// writeAll calls write for all documents, for several at once.
func writeAll[T any](docs []*T, write func(*T) error) error {
	var writing errgroup.Group
	writing.SetLimit(writers)
	for _, doc := range docs {
		writing.Go(func() error { return write(doc) })
	}
	return writing.Wait()
}

func (r *Repository[T]) refreshKeys(ctx context.Context) (changed int, err error) {
	query := store.Query{Sort: []store.Sort{{Field: "_id"}}, Limit: upgradeBatch}
	for {
		found, err := r.find(ctx, auth.SystemScope(), query)
		if err != nil {
			return changed, err
		}
		var outdated atomic.Int64
		err = writeAll(found, func(doc *T) error {
			was, err := r.refresh(ctx, doc)
			if was {
				outdated.Add(1)
			}
			return err
		})
		changed += int(outdated.Load())
		if err != nil || len(found) < upgradeBatch {
			return changed, err
		}
		query.After = []any{r.ID(found[len(found)-1])}
	}
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
