package resolvers

import (
	"context"

	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// projection lists the stored fields, besides the id, that each field of a GraphQL type needs.
type projection struct {
	typeName string
	fields   map[string]store.Fields
}

// choose returns the stored fields that each field needs. __typename needs none.
func choose(def *entity.Definition, fields map[string][]string) map[string]store.Fields {
	chosen := map[string]store.Fields{"__typename": def.Select()}
	for name, stored := range fields {
		chosen[name] = def.Select(stored...)
	}
	return chosen
}

// projected returns a reader of only the stored fields that the operation in ctx selects.
func projected[T any](ctx context.Context, e *entity.Reader[T]) *entity.Reader[T] {
	p, ok := projections[e.Definition()]
	if !ok || ctx.Value(operationKey{}).(*operation).plain {
		return e
	}
	fields := e.Definition().Select()
	for _, name := range graph.SelectedFields(ctx, p.typeName) {
		chosen, ok := p.fields[name]
		if !ok {
			return e
		}
		fields |= chosen
	}
	return e.Only(fields)
}
