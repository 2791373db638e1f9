package entity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"crm/auth"
	"crm/db/store"
)

// Removed counts the documents deleted together with another one, by collection name.
type Removed map[string]int

// deletingField marks a document that is being deleted together with its dependents. It is set without incrementing the
// version, so that the same call can finish an interrupted deletion.
const deletingField = "deleting_at"

// Delete deletes the document and its dependents by the rules of the references to it. If there are dependents that
// refuse the deletion, it is a CONFLICT that counts them, unless cascade is set. The document is claimed before
// anything is deleted: from then on nobody can change it. claimed, if not nil, is called then; if it fails, the claim
// is released.
func (r *Repository[T]) Delete(
	ctx context.Context, scope auth.Scope, doc *T, cascade bool, claimed func(context.Context) error,
) (Removed, error) {
	if !cascade {
		if err := r.refused(ctx, r.ID(doc)); err != nil {
			return Removed{}, err
		}
	}
	return r.delete(ctx, scope, doc, false, claimed)
}

// DeleteAlone is Delete, but keeps the dependents that would refuse the deletion. They still hold the document's id.
func (r *Repository[T]) DeleteAlone(
	ctx context.Context, scope auth.Scope, doc *T, claimed func(context.Context) error,
) (Removed, error) {
	return r.delete(ctx, scope, doc, true, claimed)
}

func (r *Repository[T]) delete(
	ctx context.Context, scope auth.Scope, doc *T, alone bool, claimed func(context.Context) error,
) (Removed, error) {
	if err := MayWrite(scope); err != nil {
		return nil, err
	}
	removed := make(Removed)
	id := []store.ID{r.ID(doc)}
	removeDependents := func(ctx context.Context) error {
		for _, child := range r.db.Catalog.dependents(r.def) {
			if alone && child.reference.OnDelete == Refuse {
				continue
			}
			if err := r.db.removeDependent(ctx, scope, child, id, removed); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.claim(ctx, doc); err != nil {
		return removed, err
	}
	if claimed != nil {
		if err := claimed(ctx); err != nil {
			return removed, errors.Join(err, r.unclaim(ctx, id[0]))
		}
	}
	if err := removeDependents(ctx); err != nil {
		return removed, err
	}
	if err := r.Remove(ctx, scope, doc); err != nil {
		return removed, err
	}
	// Again, for dependents added in the meantime, even if the client has disconnected: nobody can delete the document once more.
	return removed, removeDependents(context.WithoutCancel(ctx))
}

// claim marks the document as being deleted, provided that it still has that version. If its deletion was interrupted,
// it is marked already.
func (r *Repository[T]) claim(ctx context.Context, doc *T) error {
	if !r.def.has(deletingField) || r.isBeingDeleted(doc) {
		return nil
	}
	err := r.Assign(ctx, r.ID(doc), AtVersion(r.version(doc)), []store.Assignment{{Field: deletingField, Value: r.db.Now()}})
	if store.CodeOf(err) == store.NotFound {
		return store.Errorf(store.Conflict, "somebody changed the %s meanwhile; try again", r.def.Noun)
	}
	if err != nil {
		return fmt.Errorf("cannot delete %s: %w", r.def.Noun, err)
	}
	return nil
}

func (r *Repository[T]) unclaim(ctx context.Context, id store.ID) error {
	if !r.def.has(deletingField) {
		return nil
	}
	return r.Assign(context.WithoutCancel(ctx), id, store.Filter{}, []store.Assignment{{Field: deletingField, Value: nil}})
}

func (r *Repository[T]) isBeingDeleted(doc *T) bool {
	return r.def.has(deletingField) &&
		store.ValueAt(r.document(doc).Pointers(nil)[r.def.FieldIndex(deletingField)]) != nil
}

func (r *Repository[T]) errBeingDeleted() error {
	return store.Errorf(store.Conflict, "the %s is being deleted; if the deletion was interrupted, delete it again", r.def.Noun)
}

// refused returns a CONFLICT if the document has dependents that refuse its deletion.
func (r *Repository[T]) refused(ctx context.Context, id store.ID) error {
	counts := make(map[string]int)
	var names []string
	for _, child := range r.db.Catalog.dependents(r.def) {
		if child.reference.OnDelete != Refuse {
			continue
		}
		n, err := r.db.Store.Count(ctx, child.def.Collection, store.Eq(child.reference.Field, id))
		if err != nil {
			return fmt.Errorf("cannot count %s: %w", child.def.Name, err)
		}
		if n > counts[child.def.Name] {
			counts[child.def.Name] = n
		}
		names = append(names, child.def.Name)
	}
	var parts []string
	for _, name := range names {
		if n := counts[name]; n > 0 {
			parts = append(parts, countOf(n, name))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return store.Errorf(store.Conflict, "the %s has %s; with cascade: true, all of that is deleted, too",
		r.def.Noun, strings.Join(parts, " and "))
}

// countOf names a number of an entity's documents: "1 ticket", "2 customer notes".
func countOf(n int, name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	if n == 1 {
		words = strings.TrimSuffix(words, "s")
	}
	return fmt.Sprintf("%d %s", n, words)
}

// dependent is an entity whose documents belong to those of another.
type dependent struct {
	def       *Definition
	reference Reference
}

// dependents returns the entities whose documents belong to those of the owner. Those that belong to another dependent come after it.
func (c *Catalog) dependents(owner *Definition) []dependent {
	var found []dependent
	for _, def := range c.list {
		for _, reference := range def.References {
			if reference.Owner == owner.TypeName && reference.OnDelete != Keep {
				found = append(found, dependent{def, reference})
			}
		}
	}
	belongs := func(of, to *Definition) bool {
		return of != to && slices.ContainsFunc(of.References, func(r Reference) bool { return r.Owner == to.TypeName })
	}
	ordered := make([]dependent, 0, len(found))
	for len(found) > 0 {
		next := slices.IndexFunc(found, func(d dependent) bool {
			return !slices.ContainsFunc(found, func(other dependent) bool { return belongs(d.def, other.def) })
		})
		next = max(next, 0) // if they all belong to each other, any is as good as another
		ordered = append(ordered, found[next])
		found = slices.Delete(found, next, next+1)
	}
	return ordered
}

// anyRepository is a repository of any entity.
type anyRepository interface {
	removeAll(ctx context.Context, scope auth.Scope, where store.Filter, removed Removed) error
	assignAll(ctx context.Context, scope auth.Scope, verb string, where store.Filter, set []store.Assignment) error
	accountsOf(ctx context.Context, where store.Filter, field string) ([]store.ID, error)
	pointersOf(ctx context.Context, id store.ID) ([]any, error)
	refreshKeys(ctx context.Context) (changed int, err error)
}

// removeDependents deletes, or detaches, the documents that belong to those of the owner, the deepest first.
func (d *Database) removeDependents(
	ctx context.Context, scope auth.Scope, owner *Definition, ids []store.ID, removed Removed,
) error {
	for _, child := range d.Catalog.dependents(owner) {
		if err := d.removeDependent(ctx, scope, child, ids, removed); err != nil {
			return err
		}
	}
	return nil
}

func (d *Database) removeDependent(ctx context.Context, scope auth.Scope, child dependent, ids []store.ID, removed Removed) error {
	where, repository := store.In(child.reference.Field, ids), d.repositories[child.def.Collection]
	if repository == nil {
		return d.purge(ctx, child.def, where)
	}
	if child.reference.OnDelete == Detach {
		return repository.assignAll(ctx, scope, Updated, where, []store.Assignment{{Field: child.reference.Field, Value: nil}})
	}
	return repository.removeAll(ctx, scope, where, removed)
}

// purge deletes documents without a global id, which have no events, and nothing belongs to them.
func (d *Database) purge(ctx context.Context, def *Definition, where store.Filter) error {
	for {
		removed, err := d.Store.Purge(ctx, def.Collection, where, removeBatch)
		if err != nil {
			return fmt.Errorf("cannot delete %s: %w", def.Name, err)
		}
		if removed < removeBatch {
			return nil
		}
	}
}

// removeBatch is how many documents to remove are read at a time.
const removeBatch = 200

func (r *Repository[T]) removeAll(ctx context.Context, scope auth.Scope, where store.Filter, removed Removed) error {
	for {
		docs, err := r.Find(ctx, store.Query{Where: where, Limit: removeBatch})
		if err != nil {
			return err
		}
		ids := make([]store.ID, len(docs))
		for i, doc := range docs {
			ids[i] = r.ID(doc)
		}
		if len(ids) > 0 {
			if err := r.db.removeDependents(ctx, scope, r.def, ids, removed); err != nil {
				return err
			}
		}
		for _, doc := range docs {
			if err := r.Remove(ctx, scope, doc); err != nil {
				return err
			}
			removed[r.def.Name]++
		}
		if len(docs) < removeBatch {
			return nil
		}
	}
}
