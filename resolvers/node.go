package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

// maxNodes is how many documents one nodes field may ask for.
const maxNodes = 100

// Node resolves Query.node.
func (r queryResolver) Node(ctx context.Context, id string) (graph.Node, error) {
	kind, parsed, err := db.ParseGlobalID(id)
	if err != nil {
		return nil, store.FieldError(store.BadInput, "id", "%s", err.Error())
	}
	scope := scopeOf(ctx)
	switch kind {
	case db.KindUser:
		return shown(ctx, r.db.Users).Get(ctx, scope, parsed)
	case db.KindCustomer:
		return shown(ctx, r.db.Customers).Get(ctx, scope, parsed)
	case db.KindInteraction:
		return shown(ctx, r.db.Interactions).Get(ctx, scope, parsed)
	case db.KindTicket:
		return shown(ctx, r.db.Tickets).Get(ctx, scope, parsed)
	default:
		return r.db.VisibleDelivery(ctx, scope, parsed)
	}
}

// Nodes resolves Query.nodes: one call to the store for each kind that is asked for.
func (r queryResolver) Nodes(ctx context.Context, ids []string) ([]graph.Node, error) {
	var problems db.Problems
	if len(ids) > maxNodes {
		problems.Add("ids", "must have at most %d ids, not %d", maxNodes, len(ids))
		return nil, problems.Err()
	}
	wanted := make(map[db.Kind][]store.ID)
	parsed := make([]store.ID, len(ids))
	kinds := make([]db.Kind, len(ids))
	for i, text := range ids {
		var err error
		if kinds[i], parsed[i], err = db.ParseGlobalID(text); err != nil {
			problems.Add("ids", "%q %s", text, err.Error())
			continue
		}
		wanted[kinds[i]] = append(wanted[kinds[i]], parsed[i])
	}
	if err := problems.Err(); err != nil {
		return nil, err
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
	ctx context.Context, wanted map[db.Kind][]store.ID,
) (map[db.Kind]map[store.ID]graph.Node, error) {
	found := make(map[db.Kind]map[store.ID]graph.Node, len(wanted))
	for kind, ids := range wanted {
		var err error
		switch kind {
		case db.KindUser:
			found[kind], err = nodesOf(ctx, r.db.Users, ids)
		case db.KindCustomer:
			found[kind], err = nodesOf(ctx, r.db.Customers, ids)
		case db.KindInteraction:
			found[kind], err = nodesOf(ctx, r.db.Interactions, ids)
		case db.KindTicket:
			found[kind], err = nodesOf(ctx, r.db.Tickets, ids)
		default:
			found[kind], err = r.deliveryNodes(ctx, ids)
		}
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// nodesOf reads documents of one kind.
func nodesOf[T any, P interface {
	*T
	graph.Node
}](ctx context.Context, e *db.Entities[T], ids []store.ID) (map[store.ID]graph.Node, error) {
	byID, err := shown(ctx, e).ByID(ctx, scopeOf(ctx), ids)
	if err != nil {
		return nil, err
	}
	nodes := make(map[store.ID]graph.Node, len(byID))
	docs := make([]*T, 0, len(byID))
	for id, doc := range byID {
		nodes[id] = P(doc)
		docs = append(docs, doc)
	}
	together(ctx, docs)
	return nodes, nil
}

// deliveryNodes reads deliveries one by one, since each is visible as far as what it is about is.
func (r queryResolver) deliveryNodes(ctx context.Context, ids []store.ID) (map[store.ID]graph.Node, error) {
	nodes := make(map[store.ID]graph.Node, len(ids))
	for _, id := range ids {
		delivery, err := r.db.VisibleDelivery(ctx, scopeOf(ctx), id)
		switch {
		case err == nil:
			nodes[id] = delivery
		case store.CodeOf(err) != store.NotFound:
			return nil, err
		}
	}
	return nodes, nil
}
