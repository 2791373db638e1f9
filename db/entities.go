package db

import (
	"context"
	"fmt"

	"crm/auth"
	"crm/db/store"
)

// Entities are all documents of one kind, as far as a scope sees them: what reading a user, a customer, an interaction,
// a ticket and a delivery have in common.
type Entities[T any] struct {
	db       *DB
	c        *store.Collection
	kind     Kind
	document func(*T) store.Document
	// redact removes from a document that was read what the scope may not see of it; it may be nil.
	redact func(*T, auth.Scope)
	// fields are those that are read.
	fields store.Fields
	recent *recent[T]
}

func newEntities[T any, P document[T]](d *DB, c *store.Collection, kind Kind, redact func(P, auth.Scope)) *Entities[T] {
	e := &Entities[T]{db: d, c: c, kind: kind, recent: new(recent[T])}
	e.document = func(doc *T) store.Document { return P(doc) }
	if redact != nil {
		e.redact = func(doc *T, scope auth.Scope) { redact(P(doc), scope) }
	}
	return e
}

// Collection returns where the documents are stored.
func (e *Entities[T]) Collection() *store.Collection { return e.c }

// Only returns the same documents, of which only some fields are read. They are for showing, not for changing.
func (e *Entities[T]) Only(fields store.Fields) *Entities[T] {
	only := *e
	only.fields = fields
	return &only
}

// Get returns the document with that id; it is NOT_FOUND if there is none that the scope sees.
func (e *Entities[T]) Get(ctx context.Context, scope auth.Scope, id store.ID) (*T, error) {
	return e.single(ctx, scope, store.Eq("_id", id))
}

// single returns the one document that can match; it is NOT_FOUND if there is none that the scope sees, which nothing tells
// from one that it doesn't see: both take the same call to the store.
func (e *Entities[T]) single(ctx context.Context, scope auth.Scope, where store.Filter) (*T, error) {
	found, err := e.find(ctx, scope, store.Query{Where: store.And(where, scopeOf(e.c, scope)), Limit: 1, Fields: e.fields})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, e.notFound()
	}
	return found[0], nil
}

// ByID returns those of the documents that exist and that the scope sees.
func (e *Entities[T]) ByID(ctx context.Context, scope auth.Scope, ids []store.ID) (map[store.ID]*T, error) {
	seen := scopeOf(e.c, scope)
	if version, ok := e.db.version(); ok && seen.Op == store.OpAll {
		return e.remembered(ctx, scope, version, ids)
	}
	found, err := e.find(ctx, scope, store.Query{Where: store.And(store.In("_id", ids), seen), Fields: e.fields})
	if err != nil {
		return nil, err
	}
	byID := make(map[store.ID]*T, len(found))
	e.index(byID, found)
	return byID, nil
}

// remembered is ByID for a scope that sees everything. What needn't be read counts as the call that it saves: the cost
// of an operation follows from its shape.
func (e *Entities[T]) remembered(
	ctx context.Context, scope auth.Scope, version store.Version, ids []store.ID,
) (map[store.ID]*T, error) {
	byID := make(map[store.ID]*T, len(ids))
	missing := e.recent.get(version, ids, byID)
	if len(missing) == 0 {
		count(ctx)
	} else {
		found, err := e.readAll(ctx, store.Query{Where: store.In("_id", missing)})
		if err != nil {
			return nil, err
		}
		e.index(byID, found)
		if now, ok := e.db.version(); ok && now == version {
			e.recent.put(version, byID)
		}
	}
	if e.redact == nil {
		return byID, nil
	}
	for id, doc := range byID {
		redacted := *doc
		e.redact(&redacted, scope)
		byID[id] = &redacted
	}
	return byID, nil
}

// index enters documents under their ids.
func (e *Entities[T]) index(byID map[store.ID]*T, docs []*T) {
	var pointers []any
	for _, doc := range docs {
		pointers = e.document(doc).Pointers(pointers[:0])
		byID[*pointers[0].(*store.ID)] = doc // the _id is the first field
	}
}

// Page returns a part of the list of all documents.
func (e *Entities[T]) Page(ctx context.Context, scope auth.Scope, list List) (*Page[T], error) {
	r, err := e.read(scope, list)
	if err != nil {
		return nil, err
	}
	items, err := e.find(ctx, scope, r.query)
	if err != nil {
		return nil, err
	}
	return page(r, items, e.document), nil
}

// PagesOf returns, for each parent, a part of the list of the documents whose field parent holds its id: one call to
// the store for all of them.
func (e *Entities[T]) PagesOf(
	ctx context.Context, scope auth.Scope, parent string, parents []store.ID, list List,
) (map[store.ID]*Page[T], error) {
	r, err := e.read(scope, list)
	if err != nil {
		return nil, err
	}
	children := make(map[store.ID][]*T, len(parents))
	err = e.db.store.FindChildren(ctx, e.c, parent, parents, r.query, func(id store.ID) store.Document {
		doc := new(T)
		children[id] = append(children[id], doc)
		return e.document(doc)
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find %s by %s: %w", e.c.Name, parent, err)
	}
	pages := make(map[store.ID]*Page[T], len(parents))
	for _, id := range parents {
		e.redactAll(scope, children[id])
		pages[id] = page(r, children[id], e.document)
	}
	return pages, nil
}

// read checks what a client asks for and narrows it to what the scope sees. The bounds that follow from its cursors are
// not its own conditions, and are added after that.
func (e *Entities[T]) read(scope auth.Scope, list List) (reading, error) {
	where, err := narrow(scope, e.c, list.Where)
	if err != nil {
		return reading{}, err
	}
	list.Where = where
	r, err := e.db.read(e.c, list)
	r.query.Fields = e.fields
	if e.fields != 0 {
		for _, key := range r.query.Sort {
			r.query.Fields |= e.c.Select(key.Field) // cursors are made of them
		}
	}
	return r, err
}

// Count counts the documents that match.
func (e *Entities[T]) Count(ctx context.Context, scope auth.Scope, where store.Filter) (int, error) {
	where, err := narrow(scope, e.c, where)
	if err != nil {
		return 0, err
	}
	return e.db.store.Count(ctx, e.c, where)
}

// CountsOf counts, for each parent, the documents that match and whose field parent holds its id: one call to the
// store for all of them.
func (e *Entities[T]) CountsOf(
	ctx context.Context, scope auth.Scope, parent string, parents []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	where, err := narrow(scope, e.c, where)
	if err != nil {
		return nil, err
	}
	return e.db.store.CountBy(ctx, e.c, parent, parents, where)
}

// find reads what a query, which is narrowed to the scope already, selects.
func (e *Entities[T]) find(ctx context.Context, scope auth.Scope, q store.Query) ([]*T, error) {
	found, err := e.readAll(ctx, q)
	if err != nil {
		return nil, err
	}
	e.redactAll(scope, found)
	return found, nil
}

// readAll reads what a query selects, with what the viewer may not see of it.
func (e *Entities[T]) readAll(ctx context.Context, q store.Query) ([]*T, error) {
	found := make([]*T, 0, q.Limit)
	err := e.db.store.Find(ctx, e.c, q, func() store.Document {
		doc := new(T)
		found = append(found, doc)
		return e.document(doc)
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find %s: %w", e.c.Name, err)
	}
	return found, nil
}

func (e *Entities[T]) redactAll(scope auth.Scope, docs []*T) {
	if e.redact == nil {
		return
	}
	for _, doc := range docs {
		e.redact(doc, scope)
	}
}

// id returns a document's _id, which is its first field.
func (e *Entities[T]) id(doc *T) store.ID { return *e.document(doc).Pointers(nil)[0].(*store.ID) }

func (e *Entities[T]) notFound() *store.Error {
	return store.Errorf(store.NotFound, "there is no such %s", kindNouns[e.kind])
}

// count counts what matches, whoever sees it.
func (e *Entities[T]) count(ctx context.Context, where store.Filter) (int, error) {
	return e.db.store.Count(ctx, e.c, where)
}
