package resolvers

import (
	"context"
	"sync"

	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// connection reads a list at the root of a query.
func connection[T any](ctx context.Context, e *entity.Reader[T], list entity.List) (*graph.Connection[T], error) {
	scope := scopeOf(ctx)
	page, err := projected(ctx, e).Page(ctx, scope, list)
	if err != nil {
		return nil, err
	}
	addBatch(ctx, page.Items)
	return graph.NewConnection(page, func(ctx context.Context) (int, error) {
		return e.Count(ctx, scope, list.Where)
	}), nil
}

// connectionsOf reads the lists of many parents: for each, the documents whose field holds its id. It takes one store call,
// and another if the operation selects total counts.
func connectionsOf[T any](
	ctx context.Context, e *entity.Reader[T], field string, parents []store.ID, list entity.List,
) (map[store.ID]*graph.Connection[T], error) {
	scope := scopeOf(ctx)
	pages, err := projected(ctx, e).PagesOf(ctx, scope, field, parents, list)
	if err != nil {
		return nil, err
	}
	var all []*T
	for _, parent := range parents {
		all = append(all, pages[parent].Items...)
	}
	addBatch(ctx, all)
	counts := sync.OnceValues(func() (map[store.ID]int, error) {
		return e.CountsOf(ctx, scope, field, parents, list.Where)
	})
	connections := make(map[store.ID]*graph.Connection[T], len(parents))
	for _, parent := range parents {
		connections[parent] = graph.NewConnection(pages[parent], func(context.Context) (int, error) {
			byParent, err := counts()
			return byParent[parent], err
		})
	}
	return connections, nil
}

// children resolves a list of a parent, for all its siblings at once.
func children[P, T any](
	ctx context.Context, parent *P, id func(*P) store.ID, e *entity.Reader[T], field string, list entity.List,
) (*graph.Connection[T], error) {
	group := siblingsOf(ctx, parent)
	read, ok := readBySibling[map[store.ID]*graph.Connection[T]](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(parents []*P) (map[store.ID]*graph.Connection[T], error) {
			return connectionsOf(ctx, e, field, idsOf(parents, func(parent *P) (store.ID, bool) { return id(parent), true }), list)
		})
	}
	connections, err := read()
	if err != nil {
		return nil, err
	}
	return connections[id(parent)], nil
}

// reference resolves the document to which a child refers, for all its siblings at once. It is nil if there is no reference,
// or if the viewer may not see the document.
func reference[C, T any](ctx context.Context, child *C, e *entity.Reader[T], idIn func(*C) (store.ID, bool)) (*T, error) {
	id, ok := idIn(child)
	if !ok {
		return nil, nil //nolint:nilnil // the schema defines a missing reference as null
	}
	group := siblingsOf(ctx, child)
	read, ok := readBySibling[map[store.ID]*T](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(children []*C) (map[store.ID]*T, error) {
			return referred(ctx, e, idsOf(children, idIn))
		})
	}
	found, err := read()
	return found[id], err
}

// referred reads documents by their ids.
func referred[T any](ctx context.Context, e *entity.Reader[T], ids []store.ID) (map[store.ID]*T, error) {
	byID, err := projected(ctx, e).ByID(ctx, scopeOf(ctx), ids)
	if err != nil {
		return nil, err
	}
	docs := make([]*T, 0, len(byID))
	for _, doc := range byID {
		docs = append(docs, doc)
	}
	addBatch(ctx, docs)
	return byID, nil
}

// idsOf returns the distinct ids of the documents, in their order.
func idsOf[T any](docs []*T, id func(*T) (store.ID, bool)) []store.ID {
	seen := make(map[store.ID]bool, len(docs))
	ids := make([]store.ID, 0, len(docs))
	for _, doc := range docs {
		if id, ok := id(doc); ok && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// pageArguments are the paging arguments of a connection.
type pageArguments struct {
	first  *int
	after  *string
	last   *int
	before *string
}

// list turns a connection's arguments into an entity.List.
func list[O any](page pageArguments, where store.Filter, orderBy []*O, key func(*O) store.Sort) entity.List {
	l := entity.List{First: page.first, After: page.after, Last: page.last, Before: page.before, Where: where}
	for _, order := range orderBy {
		l.Order = append(l.Order, key(order))
	}
	return l
}
