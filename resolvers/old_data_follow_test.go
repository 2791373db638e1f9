package resolvers_test

import (
	"log/slog"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db"
	"crm/db/legacy"
	"crm/db/textkey"
)

// TestOldApplicationChangesDocuments checks that the keys and typed values of documents follow what the old application writes
// while the server runs.
func TestOldApplicationChangesDocuments(t *testing.T) {
	t.Parallel()
	o, _ := openOldData(t)
	log := slog.New(slog.DiscardHandler)
	o.server = serve(t, legacy.Follow(o.store, textkey.Default(), 0, log), db.Options{})
	o.prepare()
	admin := o.logIn("logInUser", "rohan@gmail.com")
	put := func(collection string, n int, key string, value any) {
		t.Helper()
		set := bson.D{{Key: key, Value: value}, {Key: "updated_at", Value: time.Now().Truncate(time.Second)}}
		id := bson.ObjectID(oldID(n))
		if _, err := o.database.Collection(collection).UpdateOne(t.Context(), bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "$set", Value: set}}); err != nil {
			t.Fatal(err)
		}
	}
	put("customers", 11, "email", "Rahul@New.example")
	put("customers", 12, "name", "Zoë")
	put("customers", 12, "email", "")
	put("interactions", 21, "title", "Moved")
	put("tickets", 31, "status", "Solved")
	o.logIn("logInCustomer", "rahul@new.example")
	o.refused("", `mutation { logInCustomer(input: {email: "rahul@domain.com", password: "correct horse"}) { customer { id } } }`, nil, "UNAUTHENTICATED")
	a := o.must(admin, `{ new: customers(where: {name: {eq: "zoë"}}) { totalCount } old: customers(where: {name: {eq: "Ünal"}}) { totalCount }
		without: customers(where: {email: {isNull: true}}) { nodes { name email canLogIn } }
		moved: interactions(where: {title: {contains: "MOVED"}}) { totalCount } solved: tickets(where: {status: {eq: RESOLVED}}) { nodes { id status } } }`, nil)
	for path, want := range map[string]any{
		"without.nodes.0.name": "Zoë", "without.nodes.0.email": nil, "without.nodes.0.canLogIn": false,
		"new.totalCount": 1.0, "old.totalCount": 0.0, "moved.totalCount": 1.0, "solved.nodes.0.id": db.KindTicket.GlobalID(oldID(31)),
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s is %v, want %v: %s", path, got, want, a.raw)
		}
	}
}
