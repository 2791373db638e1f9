package entity

import (
	"context"
	"fmt"

	"crm/auth"
	"crm/db/store"
)

// Reader reads those documents of one entity that a scope sees.
type Reader[T any] struct {
	db       *Database
	def      *Definition
	document func(*T) store.Document
	// redact clears the fields of a document that the scope may not see; it may be nil.
	redact func(*T, auth.Scope)
	// fields are the fields to read.
	fields store.Fields
}

func newReader[T any, P Document[T]](d *Database, def *Definition) *Reader[T] {
	r := &Reader[T]{db: d, def: def}
	r.document = func(doc *T) store.Document { return P(doc) }
	r.redact, _ = def.redact.(func(*T, auth.Scope))
	return r
}

// Definition returns the entity's definition.
func (r *Reader[T]) Definition() *Definition { return r.def }

// Only returns a reader that reads only some fields. Its documents are for reading, not for updating.
func (r *Reader[T]) Only(fields store.Fields) *Reader[T] {
	only := *r
	only.fields = fields
	return &only
}

// Also returns a reader that reads these fields, too.
func (r *Reader[T]) Also(names ...string) *Reader[T] {
	also := *r
	if also.fields != 0 {
		also.fields |= r.def.Select(names...)
	}
	return &also
}

// Get returns the document with that id; it is NOT_FOUND if there is none that the scope sees.
func (r *Reader[T]) Get(ctx context.Context, scope auth.Scope, id store.ID) (*T, error) {
	return r.Single(ctx, scope, store.Eq("_id", id))
}

// Single returns the one document that can match; it is NOT_FOUND if there is none that the scope sees. Clients can't
// tell a hidden document from a missing one: both take the same call to the store.
func (r *Reader[T]) Single(ctx context.Context, scope auth.Scope, where store.Filter) (*T, error) {
	found, err := r.find(ctx, scope, store.Query{Where: store.And(where, r.db.Catalog.scopeOf(r.def, scope)), Limit: 1, Fields: r.fields})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, r.NotFound()
	}
	return found[0], nil
}

// ByID returns the documents with these ids that exist and that the scope sees.
func (r *Reader[T]) ByID(ctx context.Context, scope auth.Scope, ids []store.ID) (map[store.ID]*T, error) {
	seen := r.db.Catalog.scopeOf(r.def, scope)
	found, err := r.find(ctx, scope, store.Query{Where: store.And(store.In("_id", ids), seen), Fields: r.fields})
	if err != nil {
		return nil, err
	}
	byID := make(map[store.ID]*T, len(found))
	r.index(byID, found)
	return byID, nil
}

// index adds documents to a map by id.
func (r *Reader[T]) index(byID map[store.ID]*T, docs []*T) {
	var pointers []any
	for _, doc := range docs {
		pointers = r.document(doc).Pointers(pointers[:0])
		byID[*pointers[0].(*store.ID)] = doc // the _id is the first field
	}
}

// Page returns a page of the list of all documents.
func (r *Reader[T]) Page(ctx context.Context, scope auth.Scope, list List) (*Page[T], error) {
	checked, err := r.check(scope, list)
	if err != nil {
		return nil, err
	}
	items, err := r.find(ctx, scope, checked.query)
	if err != nil {
		return nil, err
	}
	return page(checked, items, r.document), nil
}

// PagesOf returns, for each parent, a page of the list of the documents whose field parent holds its id: one call to
// the store for all of them.
func (r *Reader[T]) PagesOf(
	ctx context.Context, scope auth.Scope, parent string, parents []store.ID, list List,
) (map[store.ID]*Page[T], error) {
	checked, err := r.check(scope, list)
	if err != nil {
		return nil, err
	}
	children := make(map[store.ID][]*T, len(parents))
	var docs batch[T]
	err = r.db.Store.FindChildren(ctx, r.def.Collection, parent, parents, checked.query, func(id store.ID) store.Document {
		doc := docs.next()
		children[id] = append(children[id], doc)
		return r.document(doc)
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find %s by %s: %w", r.def.Name, parent, err)
	}
	pages := make(map[store.ID]*Page[T], len(parents))
	for _, id := range parents {
		r.redactAll(scope, children[id])
		pages[id] = page(checked, children[id], r.document)
	}
	return pages, nil
}

// check validates a list's arguments and narrows them to what the scope sees. The bounds from the cursors are not
// conditions of the client, so they are added after the narrowing.
func (r *Reader[T]) check(scope auth.Scope, list List) (pageQuery, error) {
	where, err := r.db.Catalog.Narrow(scope, r.def, list.Where)
	if err != nil {
		return pageQuery{}, err
	}
	list.Where = where
	checked, err := newPageQuery(r.db.CursorKeys, r.def, list)
	if err != nil {
		return pageQuery{}, err
	}
	checked.query.Fields = r.fields
	if r.fields != 0 {
		for _, key := range checked.query.Sort {
			checked.query.Fields |= r.def.Select(key.Field) // cursors are made of them
		}
	}
	return checked, nil
}

// Count counts the documents that match.
func (r *Reader[T]) Count(ctx context.Context, scope auth.Scope, where store.Filter) (int, error) {
	where, err := r.db.Catalog.Narrow(scope, r.def, where)
	if err != nil {
		return 0, err
	}
	return r.db.Store.Count(ctx, r.def.Collection, where)
}

// CountsOf counts, for each parent, the documents that match and whose field parent holds its id: one call to the
// store for all of them.
func (r *Reader[T]) CountsOf(
	ctx context.Context, scope auth.Scope, parent string, parents []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	where, err := r.db.Catalog.Narrow(scope, r.def, where)
	if err != nil {
		return nil, err
	}
	return r.db.Store.CountBy(ctx, r.def.Collection, parent, parents, where)
}

// find reads the documents that a query selects. The query must be narrowed to the scope already.
func (r *Reader[T]) find(ctx context.Context, scope auth.Scope, q store.Query) ([]*T, error) {
	found := make([]*T, 0, q.Limit)
	err := r.db.Store.Find(ctx, r.def.Collection, q, func() store.Document {
		doc := new(T)
		found = append(found, doc)
		return r.document(doc)
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find %s: %w", r.def.Name, err)
	}
	r.redactAll(scope, found)
	return found, nil
}

func (r *Reader[T]) redactAll(scope auth.Scope, docs []*T) {
	if r.redact == nil {
		return
	}
	for _, doc := range docs {
		r.redact(doc, scope)
	}
}

// ID returns a document's id.
func (r *Reader[T]) ID(doc *T) store.ID { return *r.document(doc).Pointers(nil)[0].(*store.ID) } // the _id is the first field

// NotFound is the error for a document that doesn't exist or that the scope doesn't see; clients can't tell which.
func (r *Reader[T]) NotFound() *store.Error {
	return store.Errorf(store.NotFound, "there is no such %s", r.def.Noun)
}

// List returns all documents that match a condition of the program and that the scope sees, in any order.
func (r *Reader[T]) List(ctx context.Context, scope auth.Scope, where store.Filter) ([]*T, error) {
	return r.find(ctx, scope, store.Query{Where: store.And(where, r.db.Catalog.scopeOf(r.def, scope)), Fields: r.fields})
}

// Check returns an error if the scope may not use this filter.
func (r *Reader[T]) Check(scope auth.Scope, where store.Filter) error {
	_, err := r.db.Catalog.Narrow(scope, r.def, where)
	return err
}

// FindVisible returns the documents with these ids that match and that the scope sees.
func (r *Reader[T]) FindVisible(ctx context.Context, scope auth.Scope, where store.Filter, ids []store.ID) (map[store.ID]*T, error) {
	narrowed, err := r.db.Catalog.Narrow(scope, r.def, where)
	if err != nil || len(ids) == 0 {
		return map[store.ID]*T{}, err
	}
	docs, err := r.find(ctx, scope, store.Query{Where: store.And(store.In("_id", ids), narrowed)})
	if err != nil {
		return nil, err
	}
	found := make(map[store.ID]*T, len(docs))
	r.index(found, docs)
	return found, nil
}
