package resolvers

import (
	"testing"

	"crm/graph"
)

// TestEveryFieldHasAProjection fails for a field that would make the store read whole documents.
func TestEveryFieldHasAProjection(t *testing.T) {
	t.Parallel()
	types := graph.NewExecutableSchema(graph.Config{}).Schema().Types
	for _, p := range projections {
		for _, field := range types[p.typeName].Fields {
			if _, ok := p.fields[field.Name]; !ok && field.Name[0] != '_' {
				t.Errorf("%s.%s has no projection", p.typeName, field.Name)
			}
		}
	}
}
