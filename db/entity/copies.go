package entity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"crm/auth"
	"crm/db/store"
)

// Copy says that a field copies one of the document's owner, so that an index finds documents by it and an event's audience
// follows from the document alone. The tag `copies:"interaction_id.user_id"` names the reference to the owner and the field
// of the owner. A change of the owner is copied right after it is written, and once more when its event is handled, in case
// the first attempt was interrupted; see Database.CopyChanges.
type Copy struct {
	// Field is the copy, Reference the field with the owner's id, Source the owner's field.
	Field, Reference, Source string
}

func parseCopy(field, text string) Copy {
	reference, source, _ := strings.Cut(text, ".")
	return Copy{Field: field, Reference: reference, Source: source}
}

// ownerOf returns the definition of the documents that a field is copied from.
func (c *Catalog) ownerOf(d *Definition, copied Copy) *Definition {
	for _, reference := range d.References {
		if reference.Field == copied.Reference {
			return c.byType[reference.Owner]
		}
	}
	panic(fmt.Sprintf("%s.%s copies from %s, which is not a reference", d.TypeName, copied.Field, copied.Reference))
}

// copiedFields are the fields of one entity that copy those of one owner.
type copiedFields struct {
	def       *Definition
	reference string
	fields    []Copy
}

// copiesOf returns the fields that copy those of an owner, for each entity and reference.
func (c *Catalog) copiesOf(owner *Definition) []copiedFields {
	var found []copiedFields
	for _, def := range c.list {
		for _, copied := range def.Copies {
			if c.ownerOf(def, copied) != owner {
				continue
			}
			i := slices.IndexFunc(found, func(f copiedFields) bool { return f.def == def && f.reference == copied.Reference })
			if i < 0 {
				i, found = len(found), append(found, copiedFields{def: def, reference: copied.Reference})
			}
			found[i].fields = append(found[i].fields, copied)
		}
	}
	return found
}

// copyFrom copies an owner's changed fields to its dependents; changed reports whether a field changed.
func (d *Database) copyFrom(
	ctx context.Context, scope auth.Scope, def *Definition, pointers []any, changed func(field string) bool,
) error {
	for _, copied := range d.Catalog.copiesOf(def) {
		if !slices.ContainsFunc(copied.fields, func(c Copy) bool { return changed(c.Source) }) {
			continue
		}
		var set []store.Assignment
		var stale []store.Filter
		for _, c := range copied.fields {
			value := store.ValueAt(pointers[def.FieldIndex(c.Source)])
			set = append(set, store.Assignment{Field: c.Field, Value: value})
			stale = append(stale, differs(c.Field, value))
		}
		where := store.And(store.Eq(copied.reference, *pointers[0].(*store.ID)), store.Or(stale...))
		if err := d.repositories[copied.def.Collection].assignAll(ctx, scope, Updated, where, set); err != nil {
			return fmt.Errorf("cannot copy %s to %s: %w", def.Noun, copied.def.Name, err)
		}
	}
	return nil
}

// differs matches documents whose field has another value.
func differs(field string, value any) store.Filter {
	if value == nil {
		return store.Not(store.IsNull(field))
	}
	return store.Compare(store.OpNe, field, value)
}

// CopyChanges copies what an event changed to the dependents of the event's document, unless that has happened already. It
// copies the document's current fields, so the order of calls doesn't matter.
func (d *Database) CopyChanges(ctx context.Context, event *store.Event) error {
	def, verb := d.Catalog.ByEvent(event.Type)
	if def == nil || verb == Created || verb == Deleted || len(d.Catalog.copiesOf(def)) == 0 {
		return nil
	}
	envelope, ok, err := DecodeEnvelope(event)
	if err != nil || !ok {
		return nil //nolint:nilerr // an event that can't be decoded is reported by those who announce it
	}
	pointers, err := d.repositories[def.Collection].pointersOf(ctx, event.Entity)
	if err != nil || pointers == nil {
		return err
	}
	scope := auth.Scope{Role: auth.Role(event.ActorRole), Account: event.Actor}
	if event.ActorRole == "" {
		scope = auth.SystemScope()
	}
	changed := envelope.Changed()
	return d.copyFrom(ctx, scope, def, pointers, func(field string) bool { return slices.Contains(changed, field) })
}

// pointersOf reads the document with that id and returns its pointers, nil if there is none.
func (r *Repository[T]) pointersOf(ctx context.Context, id store.ID) ([]any, error) {
	found, err := r.Find(ctx, store.Query{Where: store.Eq("_id", id), Limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return r.document(found[0]).Pointers(nil), nil
}

// refreshCopies compares a new document with its owners, which may have changed while it was written.
func (r *Repository[T]) refreshCopies(ctx context.Context, scope auth.Scope, doc *T) error {
	pointers := r.document(doc).Pointers(nil)
	read := make(map[string][]any)
	for _, copied := range r.def.Copies {
		owner := r.db.Catalog.ownerOf(r.def, copied)
		of, known := read[copied.Reference]
		if !known {
			if id, ok := store.ValueAt(pointers[r.def.FieldIndex(copied.Reference)]).(store.ID); ok {
				var err error
				if of, err = r.db.repositories[owner.Collection].pointersOf(ctx, id); err != nil {
					return err
				}
			}
			read[copied.Reference] = of
		}
		if of == nil || store.SameValue(store.ValueAt(of[owner.FieldIndex(copied.Source)]), store.ValueAt(pointers[r.def.FieldIndex(copied.Field)])) {
			continue
		}
		if err := r.db.copyFrom(ctx, scope, owner, of, func(field string) bool { return field == copied.Source }); err != nil {
			return err
		}
	}
	return nil
}

func (r *Repository[T]) assignAll(
	ctx context.Context, scope auth.Scope, verb string, where store.Filter, set []store.Assignment,
) error {
	_, err := r.AssignAll(ctx, scope, verb, where, set)
	return err
}

// AssignAll sets fields of all documents that match, each with its event, and returns their number. The right to what it does
// suffices; the caller needs none on each document.
func (r *Repository[T]) AssignAll(
	ctx context.Context, scope auth.Scope, verb string, where store.Filter, set []store.Assignment,
) (n int, err error) {
	query := store.Query{Where: where, Sort: []store.Sort{{Field: "_id"}}, Limit: removeBatch}
	for {
		found, err := r.Find(ctx, query)
		if err != nil {
			return n, err
		}
		if err := writeAll(found, func(doc *T) error { return r.assign(ctx, scope, verb, doc, where, set) }); err != nil {
			return n, err
		}
		n += len(found)
		if len(found) < query.Limit {
			return n, nil
		}
		query.After = []any{r.ID(found[len(found)-1])}
	}
}

// assign sets fields of a document that matches with its event, unless the document is deleted, or changed so that it doesn't match any
// more, meanwhile.
func (r *Repository[T]) assign(
	ctx context.Context, scope auth.Scope, verb string, doc *T, where store.Filter, set []store.Assignment,
) error {
	for range updateTries {
		_, written, err := r.writeEdited(ctx, scope, doc, func(next *T) (string, error) {
			pointers := r.document(next).Pointers(nil)
			for _, a := range set {
				if err := store.SetValue(pointers[r.def.FieldIndex(a.Field)], a.Value); err != nil {
					return "", err
				}
			}
			return verb, nil
		})
		if err != nil || written {
			return err
		}
		found, err := r.Find(ctx, store.Query{Where: store.And(store.Eq("_id", r.ID(doc)), where), Limit: 1})
		if err != nil || len(found) == 0 {
			return err
		}
		doc = found[0]
	}
	return store.Errorf(store.Conflict, "the %s is being changed by others; try again", r.def.Noun)
}
