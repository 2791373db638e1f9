package resolvers

import (
	"context"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// maxNodes is the maximum number of ids of one nodes field.
const maxNodes = 100

// Node resolves Query.node.
func (r queryResolver) Node(ctx context.Context, id string) (graph.Node, error) {
	kind, parsed, err := db.ParseGlobalID(id)
	if err != nil {
		return nil, store.FieldError(store.BadInput, "id", "%s", err.Error())
	}
	return r.nodeOf(ctx, kind, parsed)
}

// Nodes resolves Query.nodes with one store call for each kind. A malformed id is null in its place, with an error.
func (r queryResolver) Nodes(ctx context.Context, ids []string) ([]graph.Node, error) {
	var problems db.Problems
	if len(ids) > maxNodes {
		problems.Add("ids", "must have at most %d ids, not %d", maxNodes, len(ids))
		return nil, problems.Err()
	}
	wanted := make(map[entity.Kind][]store.ID)
	parsed := make([]store.ID, len(ids))
	kinds := make([]entity.Kind, len(ids))
	for i, text := range ids {
		var err error
		if kinds[i], parsed[i], err = db.ParseGlobalID(text); err != nil {
			// The other objects, and the operation's other fields, are still returned.
			problem := store.FieldError(store.BadInput, "ids."+strconv.Itoa(i), "%s", err.Error())
			graphql.AddError(ctx, gqlerror.WrapPath(append(graphql.GetPath(ctx), ast.PathIndex(i)), problem))
			continue
		}
		wanted[kinds[i]] = append(wanted[kinds[i]], parsed[i])
	}
	found, err := r.nodesByKind(ctx, wanted)
	if err != nil {
		return nil, err
	}
	nodes := make([]graph.Node, len(ids))
	for i := range ids {
		nodes[i] = found[kinds[i]][parsed[i]]
	}
	return nodes, nil
}

func (r queryResolver) nodesByKind(
	ctx context.Context, wanted map[entity.Kind][]store.ID,
) (map[entity.Kind]map[store.ID]graph.Node, error) {
	found := make(map[entity.Kind]map[store.ID]graph.Node, len(wanted))
	for kind, ids := range wanted {
		var err error
		if found[kind], err = r.nodesOfKind(ctx, kind, ids); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// nodesOf reads documents of one kind.
func nodesOf[T any, P interface {
	*T
	graph.Node
}](ctx context.Context, e *entity.Reader[T], ids []store.ID) (map[store.ID]graph.Node, error) {
	byID, err := projected(ctx, e).ByID(ctx, scopeOf(ctx), ids)
	if err != nil {
		return nil, err
	}
	nodes := make(map[store.ID]graph.Node, len(byID))
	docs := make([]*T, 0, len(byID))
	for id, doc := range byID {
		nodes[id] = P(doc)
		docs = append(docs, doc)
	}
	addBatch(ctx, docs)
	return nodes, nil
}
