package resolvers_test

import (
	"fmt"
	"strconv"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/db/textkey"
)

// seedPages stores documents with many ties in every field of their orders. Their ids are derived from hashes of their
// numbers, so no order equals that of the ids.
func (s *server) seedPages(admin account) (users, customers, interactions, tickets []fields) {
	s.t.Helper()
	names := []string{"ann", "bob", "é", "z"}
	_, adminID, err := db.ParseGlobalID(admin.id)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range 9 {
		users = append(users, s.seed(db.Users.Collection, fields{
			"_id": store.DerivedID("user", strconv.Itoa(i)), "name": names[i%3], "name_key": names[i%3],
			"email": fmt.Sprintf("u%d@example.net", i), "email_key": fmt.Sprintf("u%d@example.net", i), "created_at": day(1 + i%2),
		}))
	}
	for i := range 13 {
		customers = append(customers, s.seed(db.Customers.Collection, fields{
			"_id": store.DerivedID("customer", strconv.Itoa(i)), "name": names[i%4], "name_key": names[i%4],
			"email": fmt.Sprintf("c%d@example.net", i), "email_key": fmt.Sprintf("c%d@example.net", i),
			"created_at": day(1 + i%3), "updated_at": day(5 + i%2),
		}))
	}
	for i := range 14 {
		// The first customer has those with even numbers.
		interactions = append(interactions, s.seed(db.Interactions.Collection, fields{
			"_id": store.DerivedID("interaction", strconv.Itoa(i)), "user_id": adminID, "customer_id": customers[i%2].id(),
			"title": names[i%3], "title_key": names[i%3], "start_time": day(10 + i%4),
			"created_at": day(1 + i%3), "updated_at": day(5 + i%2),
		}))
	}
	for i := range 14 {
		tickets = append(tickets, s.seed(db.Tickets.Collection, fields{
			"_id": store.DerivedID("ticket", strconv.Itoa(i)), "interaction_id": interactions[i%2].id(),
			"customer_id": interactions[i%2]["customer_id"], "interaction_user_id": adminID, "assignee_id": adminID,
			"description": "T", "priority": 1 + i%3, "created_at": day(1 + i%4), "updated_at": day(5 + i%2),
		}))
	}
	return users, customers, interactions, tickets
}

// nestedListings returns lists of a document, reached by its id or in a list of its kind.
func nestedListings(
	admin account, customer fields, interactions, tickets []fields, ofInteractions, ofTickets []orderKey,
) []listing {
	where := func(docs []fields, field string, id store.ID) []fields {
		var found []fields
		for _, doc := range docs {
			if doc[field] == id {
				found = append(found, doc)
			}
		}
		return found
	}
	node := func(kind string, id string) string { return `node(id: "` + id + `") { ... on ` + kind + " { " }
	customerID, interaction := customer.id(), interactions[0]
	globalID := db.KindCustomer.GlobalID(customerID)
	return []listing{
		{name: "a user's interactions", token: admin.token, open: node("User", admin.id), field: "interactions", close: "}}",
			path: "node.interactions", kind: db.KindInteraction, order: ofInteractions, docs: interactions},
		{name: "a user's tickets", token: admin.token, open: node("User", admin.id), field: "tickets", close: "}}",
			path: "node.tickets", kind: db.KindTicket, order: ofTickets, docs: tickets},
		{name: "tickets assigned to a user", token: admin.token, open: node("User", admin.id), field: "assignedTickets", close: "}}",
			path: "node.assignedTickets", kind: db.KindTicket, order: ofTickets, docs: tickets},
		{name: "a customer's interactions", token: admin.token, open: node("Customer", globalID), field: "interactions", close: "}}",
			path: "node.interactions", kind: db.KindInteraction, order: ofInteractions, docs: where(interactions, "customer_id", customerID)},
		{name: "a customer's tickets, among all customers'", token: admin.token,
			open: `customers(orderBy: {field: EMAIL}) { nodes { `, field: "tickets", close: "}}",
			path: "customers.nodes.0.tickets", kind: db.KindTicket, order: ofTickets, docs: where(tickets, "customer_id", customerID)},
		{name: "an interaction's tickets", token: admin.token, open: node("Interaction", db.KindInteraction.GlobalID(interaction.id())),
			field: "tickets", close: "}}", path: "node.tickets", kind: db.KindTicket, order: ofTickets,
			docs: where(tickets, "interaction_id", interaction.id())},
	}
}

// listings returns lists of every kind in every order, with many ties.
func (s *server) listings() []listing {
	s.t.Helper()
	admin := s.signUpUser("Rohan")
	uma := s.hire(admin, "Uma")
	users, customers, interactions, tickets := s.seedPages(admin)
	for _, account := range []account{admin, uma} {
		_, id, err := db.ParseGlobalID(account.id)
		if err != nil {
			s.t.Fatal(err)
		}
		user, err := s.db.Users.Get(s.t.Context(), auth.SystemScope(), id)
		if err != nil {
			s.t.Fatal(err)
		}
		users = append(users, fields{"_id": id, "name_order": textkey.Default().Order(user.Name), "email_key": user.Email, "created_at": user.CreatedAt})
	}
	name, email := orderKey{"NAME", "name_order", false}, orderKey{"EMAIL", "email_key", true}
	created, updated := orderKey{"CREATED_AT", "created_at", true}, orderKey{"UPDATED_AT", "updated_at", false}
	start, title := orderKey{"START_TIME", "start_time", false}, orderKey{"TITLE", "title_order", true}
	priority := orderKey{"PRIORITY", "priority", true}
	lists := []listing{
		{name: "users by name", field: "users", kind: db.KindUser, docs: users, order: []orderKey{name}},
		{name: "users by address", field: "users", kind: db.KindUser, docs: users, order: []orderKey{email}},
		{name: "users by age", field: "users", kind: db.KindUser, docs: users, order: []orderKey{created}},
		{name: "customers by name", field: "customers", kind: db.KindCustomer, docs: customers, order: []orderKey{name}},
		{name: "customers by address", field: "customers", kind: db.KindCustomer, docs: customers, order: []orderKey{email}},
		{name: "customers by three keys", field: "customers", kind: db.KindCustomer, docs: customers, order: []orderKey{updated, created, name}},
		{name: "interactions by start and title", field: "interactions", kind: db.KindInteraction, docs: interactions, order: []orderKey{start, title}},
		{name: "interactions by title and age", field: "interactions", kind: db.KindInteraction, docs: interactions, order: []orderKey{title, updated, created}},
		{name: "tickets by priority", field: "tickets", kind: db.KindTicket, docs: tickets, order: []orderKey{priority}},
		{name: "tickets by priority and age", field: "tickets", kind: db.KindTicket, docs: tickets, order: []orderKey{priority, {"CREATED_AT", "created_at", false}}},
	}
	for i := range lists {
		lists[i].token, lists[i].path = admin.token, lists[i].field
	}
	for _, l := range lists[:3] {
		l.name, l.token = l.name+" for one of them", uma.token
		lists = append(lists, l)
	}
	return append(lists, nestedListings(admin, customers[0], interactions, tickets, []orderKey{start, title}, []orderKey{priority, created})...)
}
