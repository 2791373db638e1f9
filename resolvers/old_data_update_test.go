package resolvers_test

import (
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// testOldUpdates changes one field of each old document.
func (o oldData) testOldUpdates(t *testing.T, admin string) {
	t.Helper()
	for _, test := range []struct {
		n        int
		kind     entity.Kind
		mutation string
		input    variables
		object   string
		changed  []string
	}{
		{11, db.KindCustomer, "updateCustomer", variables{"name": "Rahul B."}, "customer", []string{"name", "name_key"}},
		{12, db.KindCustomer, "updateCustomer", variables{"company": "Ünal Ltd"}, "customer", []string{"company", "company_key"}},
		{21, db.KindInteraction, "updateInteraction", variables{"durationMinutes": 30}, "interaction", []string{"end_time"}},
		{22, db.KindInteraction, "cancelInteraction", nil, "interaction", []string{"status"}},
		{23, db.KindInteraction, "updateInteraction", variables{"title": "Its user is gone for good"}, "interaction", []string{"title", "title_key"}},
		{31, db.KindTicket, "moveTicket", variables{"status": "IN_PROGRESS"}, "ticket", []string{"status", "moved_at"}},
		{32, db.KindTicket, "updateTicket", variables{"priority": "HIGH"}, "ticket", []string{"priority"}},
		{33, db.KindTicket, "assignTicket", variables{"assigneeId": db.KindUser.GlobalID(oldID(2))}, "ticket", []string{"assignee_id"}},
		{2, db.KindUser, "updateUser", variables{"name": "Uma K."}, "user", []string{"name", "name_key"}},
		// An admin can change the account that may not have its duplicate address.
		{3, db.KindUser, "updateUser", variables{"name": "Uma's other account"}, "user", []string{"name", "name_key"}},
		{3, db.KindUser, "deactivateUser", nil, "user", []string{"deactivated_at"}},
		{3, db.KindUser, "reactivateUser", nil, "user", []string{"deactivated_at"}},
	} {
		o.changes(test.n, append(test.changed, "version", "updated_at"), func() {
			a := o.mutate(admin, test.mutation, with(test.input, variables{"id": test.kind.GlobalID(oldID(test.n))}), test.object+" { version }")
			if len(a.Errors) > 0 {
				t.Errorf("%s of old document %d failed: %s", test.mutation, test.n, a.raw)
			}
		})
	}
	second := db.KindUser.GlobalID(oldID(3))
	o.wantProblem(o.mutate(admin, "updateUser", variables{"id": second, "email": "UMA@gmail.com"}, "user { id }"), store.Conflict, "input.email", "in use")
	if a := o.mutate(admin, "updateUser", variables{"id": second, "email": "uma.two@gmail.com"}, "user { email }"); len(a.Errors) > 0 {
		t.Errorf("the second account can't get another address: %s", a.raw)
	}
	for _, email := range []string{"uma@gmail.com", "uma.two@gmail.com"} {
		if a := o.mutate("", "logInUser", variables{"email": email, "password": password}, "user { id }"); len(a.Errors) > 0 {
			t.Errorf("%s can't log in: %s", email, a.raw)
		}
	}
	if a := o.mutate(admin, "deleteUser", variables{"id": second}, "deletedId"); len(a.Errors) > 0 {
		t.Errorf("the second account can't be deleted: %s", a.raw)
	}
}

// TestSecondAccountGetsTheAddress checks that of two accounts with one address, the second gets it when the first is
// deleted.
func TestSecondAccountGetsTheAddress(t *testing.T) {
	t.Parallel()
	o, _ := openOldData(t)
	admin := o.must("", `mutation { logInUser(input: {email: "rohan@gmail.com", password: "correct horse"}) { tokens { accessToken } } }`, nil).text("logInUser.tokens.accessToken")
	first, second := db.KindUser.GlobalID(oldID(2)), db.KindUser.GlobalID(oldID(3))
	o.wantProblem(o.mutate(admin, "updateUser", variables{"id": second, "email": "UMA@gmail.com"}, "user { id }"), store.Conflict, "input.email", "in use")
	if a := o.mutate(admin, "deleteUser", variables{"id": first, "cascade": true}, "deletedId"); len(a.Errors) > 0 {
		t.Fatal(a.raw)
	}
	if a := o.mutate(admin, "updateUser", variables{"id": second, "email": "UMA@gmail.com"}, "user { id }"); len(a.Errors) > 0 {
		t.Fatalf("the second account can't claim the address: %s", a.raw)
	}
	if a := o.mutate("", "logInUser", variables{"email": "uma@gmail.com", "password": password}, "user { id }"); a.text("logInUser.user.id") != second {
		t.Errorf("the second account can't log in: %s", a.raw)
	}
}

// TestOldApplicationStillWrites checks that the server serves documents that the old application writes while it runs, and
// that it can start again with them.
func TestOldApplicationStillWrites(t *testing.T) {
	t.Parallel()
	o, _ := openOldData(t)
	admin := o.must("", `mutation { logInUser(input: {email: "rohan@gmail.com", password: "correct horse"}) { tokens { accessToken } } }`, nil).text("logInUser.tokens.accessToken")
	o.writeCustomer(13, "Late", "Late@domain.com", "Late Ltd")
	o.writeTicket(34, 21, 11, "open")
	// The same person signs up here, while the server knows no other account of theirs.
	if a := o.mutate("", "signUpCustomer", variables{"name": "Late", "email": "late@domain.com", "password": password}, "customer { id }"); len(a.Errors) > 0 {
		t.Fatal(a.raw)
	}
	for _, test := range []struct {
		mutation, object string
		input            variables
	}{
		{"updateTicket", "ticket", variables{"id": db.KindTicket.GlobalID(oldID(34)), "priority": "HIGH", "expectedVersion": 1}},
		{"updateTicket", "ticket", variables{"id": db.KindTicket.GlobalID(oldID(34)), "description": "New"}},
	} {
		if a := o.mutate(admin, test.mutation, test.input, test.object+" { version priority }"); len(a.Errors) > 0 {
			t.Errorf("%s of a document written in the meantime failed: %s", test.mutation, a.raw)
		}
	}
	if a := o.must(admin, `{ customers(where: {createdAt: {lt: "2024-01-01T00:00:00Z"}}) { totalCount nodes { name version } } }`, nil); a.at("customers.totalCount") != 3.0 || a.at("customers.nodes.0.version") != 1.0 {
		t.Errorf("the old customers are %s", a.raw)
	}
	reports := o.prepare()
	if reports == "" {
		t.Error("the two accounts with one address aren't reported")
	}
	ticket := o.snapshot()[fmt.Sprint(bson.ObjectID(oldID(34)))]
	if field(ticket, "interaction_user_id") != bson.ObjectID(oldID(1)) || fmt.Sprint(field(ticket, "version")) != "3" {
		t.Errorf("the ticket that was changed before its backfill is now %v", ticket)
	}
	if a := o.mutate("", "logInCustomer", variables{"email": "LATE@domain.com", "password": password}, "customer { version createdAt }"); len(a.Errors) > 0 || a.text("logInCustomer.customer.createdAt") < time.Now().UTC().Format("2006") {
		t.Errorf("the account that the server knew first can't log in: %s", a.raw)
	}
}
