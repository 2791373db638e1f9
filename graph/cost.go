package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"crm/db/entity"
	"crm/graph/transport"
)

// cost is what extensions.cost shows.
type cost struct {
	Complexity int `json:"complexity"`
	StoreCalls int `json:"storeCalls"`
}

// addCost adds extensions.cost to a response, if the request or else the configuration asks for it.
func (e *Executor) addCost(ctx context.Context, response *graphql.Response, calls *entity.Calls) {
	if e.showsCost(ctx) {
		response.Extensions = map[string]any{
			"cost": cost{Complexity: stateOf(ctx).complexity, StoreCalls: calls.Count()},
		}
	}
}

func (e *Executor) showsCost(ctx context.Context) bool {
	switch graphql.GetOperationContext(ctx).Headers.Get(transport.CostHeader) {
	case "1":
		return true
	case "0":
		return false
	}
	return e.showCost
}
