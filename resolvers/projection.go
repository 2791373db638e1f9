package resolvers

import (
	"context"

	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// projection says of which stored fields, beside the id, the fields of a GraphQL type are made.
type projection struct {
	typeName string
	fields   map[string]store.Fields
}

// choose says what each field is made of. Each type has an id and its own name.
func choose(def *entity.Definition, fields map[string][]string) map[string]store.Fields {
	chosen := map[string]store.Fields{"__typename": def.Select()}
	for name, made := range fields {
		chosen[name] = def.Select(made...)
	}
	return chosen
}

// projected returns the documents as far as the operation in ctx selects them.
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
