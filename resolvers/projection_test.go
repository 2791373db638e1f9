package resolvers_test

import (
	"math/rand/v2"
	"testing"

	"crm/db"
	"crm/db/entity"
)

// TestProjections compares responses from projected documents with responses from whole ones: for each field of each type
// separately, and for random queries.
func TestProjections(t *testing.T) {
	t.Parallel()
	d := newDifferential(t)
	for _, kind := range []entity.Kind{db.KindUser, db.KindCustomer, db.KindInteraction, db.KindTicket} {
		d.compareEachField(t, kind)
	}
	operations := 300
	if thorough() {
		operations = 1_500
	}
	for i := range operations {
		rnd := rand.New(rand.NewPCG(differentialSeed+1, uint64(i)))
		known := d.known[rnd.IntN(len(d.known))]
		operation := newGenerator(rnd, known).queryOperation()
		d.compareProjection(t, request{viewer: known.viewer, randomOperation: operation})
	}
}

// compareEachField selects each field of a type alone, so no other field makes the store read its stored fields.
func (d *differential) compareEachField(t *testing.T, kind entity.Kind) {
	t.Helper()
	ids := d.known[0].visible[kind]
	for typeName, k := range kindsOfTypes {
		if k != kind {
			continue
		}
		for _, field := range servedTypes.Types[typeName].Fields {
			below := ""
			switch of := servedTypes.Types[field.Type.Name()]; {
			case of.Fields.ForName("nodes") != nil:
				below = " { nodes { id } }"
			case of.IsCompositeType():
				below = " { id }"
			}
			query := "query($ids: [ID!]!) { nodes(ids: $ids) { ... on " + typeName + " { field: " + field.Name + below + " } } }"
			d.compareProjection(t, request{
				viewer:          d.known[0].viewer,
				randomOperation: randomOperation{query: query, variables: map[string]any{"ids": ids[:min(len(ids), 50)]}},
			})
		}
	}
}

func (d *differential) compareProjection(t *testing.T, r request) {
	t.Helper()
	whole, projected := r.send(t, d.plain), r.send(t, d.fast)
	if !whole.same(projected) {
		t.Fatalf("%s:\n%s", r, difference(whole, projected))
	}
}
