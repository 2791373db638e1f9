package resolvers_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
)

// TestImportedDocuments checks that customers whom another program has written to the database of a running system, with nothing but
// what it knows of them, are found by name and telephone and stand in the right order after the next start.
func TestImportedDocuments(t *testing.T) {
	t.Parallel()
	o := oldData{server: &server{t: t}, database: mongotest.Database(t)}
	engine, err := mongo.Open(mongotest.URI(t), o.database.Name(), db.Collections())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	o.server = serve(t, engine, db.Options{})
	o.prepare()
	admin := o.signUpUser("rohan").token
	o.must(admin, `mutation { createCustomer(input: {name: "Anna", email: "anna@customer.example"}) { customer { id } } }`, nil)
	imported := bson.D{{Key: "name", Value: "Älva"}, {Key: "email", Value: "alva@customer.example"}, {Key: "phone", Value: "+49 30 1234567"}}
	if _, err := o.database.Collection("customers").InsertOne(t.Context(), imported); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		o.prepare()
		a := o.must(admin, `{ all: customers(orderBy: [{field: NAME, direction: ASC}]) { nodes { name } }
			byPhone: customers(where: {phone: {contains: "30 1234"}}) { nodes { name } } byName: customers(where: {name: {eq: "älva"}}) { nodes { name } } }`, nil)
		for path, want := range map[string]any{
			"all.nodes.0.name": "Älva", "all.nodes.1.name": "Anna", "byPhone.nodes.0.name": "Älva", "byName.nodes.0.name": "Älva",
		} {
			if got := a.at(path); got != want {
				t.Errorf("%s is %v, want %v: %s", path, got, want, a.raw)
			}
		}
	}
}
