package resolvers_test

import (
	"fmt"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// filteredTexts are the names, titles and descriptions of what is filtered.
var filteredTexts = []string{"Érica", "e\u0301ric the 2nd", "50% _off_", `Back\slash.*`, "ÅSA Ünlü"}

// filteredAccounts stores a few users and customers that differ in every field, and returns them, with the admin first.
func (s *server) filteredAccounts(admin account) (users, customers []fields) {
	s.t.Helper()
	_, adminID, err := db.ParseGlobalID(admin.id)
	if err != nil {
		s.t.Fatal(err)
	}
	rohan, err := s.db.Users.Get(s.t.Context(), auth.SystemScope(), adminID)
	if err != nil {
		s.t.Fatal(err)
	}
	users = []fields{{
		"_id": adminID, "name": rohan.Name, "email": rohan.Email, "role": "ADMIN",
		"unverified_since": *rohan.UnverifiedSince, "created_at": rohan.CreatedAt, "updated_at": rohan.UpdatedAt,
	}}
	for i, text := range filteredTexts {
		email := fmt.Sprintf("%c.User%d@Example.net", 'A'+i, i)
		user := fields{
			"_id": store.NewID(), "name": text, "email": email, "email_key": textkey.Fold(email), "role": "USER",
			"created_at": day(1 + i), "updated_at": day(3 + i/2),
		}
		customer := fields{
			"_id": store.NewID(), "name": text, "email": email, "email_key": textkey.Fold(email),
			"created_at": day(1 + i), "updated_at": day(3 + i/2),
		}
		if i%2 == 0 {
			user["deactivated_at"] = day(9)
			customer["company"], customer["phone"] = text, fmt.Sprintf("+91 22 %d", i)
		} else {
			user["invited_at"], customer["invited_at"] = day(9+i), day(10+i)
		}
		if i%3 == 0 {
			user["unverified_since"], customer["unverified_since"] = day(1+i), day(1+i)
		}
		if i == len(filteredTexts)-1 {
			delete(customer, "email")
			customer["email_key"] = store.SecondKey("", customer.id())
		}
		users, customers = append(users, s.seed(db.Users.Collection, user)), append(customers, s.seed(db.Customers.Collection, customer))
	}
	return users, customers
}

// filteredWork stores a few interactions and tickets of these accounts that differ in every field, and returns them.
func (s *server) filteredWork(users, customers []fields) (interactions, tickets []fields) {
	s.t.Helper()
	for i, text := range filteredTexts {
		interaction := fields{
			"_id": store.NewID(), "user_id": users[i%3].id(), "customer_id": customers[i%2].id(),
			"kind": []string{"meeting", "task", "follow_up"}[i%3], "status": []string{"planned", "done", "cancelled"}[i/2],
			"title": text, "description": text, "start_time": day(10 + i),
			"created_at": day(1 + i), "updated_at": day(3 + i/2),
		}
		ticket := fields{
			"_id": store.NewID(), "interaction_id": interaction.id(), "customer_id": interaction["customer_id"],
			"interaction_user_id": interaction["user_id"], "number": 10 + i/2*2 + i%2,
			"title": text, "description": text, "priority": 1 + i%4,
			"status": []string{"open", "in_progress", "resolved", "closed"}[i%4], "created_at": day(1 + i), "updated_at": day(3 + i/2),
		}
		interaction["internal"] = i%3 == 0
		if i%2 == 0 {
			interaction["end_time"], ticket["assignee_id"] = day(11+i), users[i/2].id()
			interaction["location"], ticket["waiting_since"] = text, day(2+i)
		}
		interactions = append(interactions, s.seed(db.Interactions.Collection, interaction))
		tickets = append(tickets, s.seed(db.Tickets.Collection, ticket))
	}
	return interactions, tickets
}

// filteredLists stores a few documents of each kind that differ in every field, and returns their lists.
func (s *server) filteredLists(admin account) []filtered {
	s.t.Helper()
	users, customers := s.filteredAccounts(admin)
	interactions, tickets := s.filteredWork(users, customers)
	stored := map[string]string{
		"id": "_id", "createdAt": "created_at", "updatedAt": "updated_at", "startTime": "start_time", "endTime": "end_time", "waitingSince": "waiting_since",
		"userId": "user_id", "customerId": "customer_id", "interactionId": "interaction_id", "assigneeId": "assignee_id",
		"active": "deactivated_at", "invitedAt": "invited_at", "emailVerified": "unverified_since",
	}
	lists := []filtered{
		{list: "users", where: "UserWhere", kind: db.KindUser, docs: users},
		{list: "customers", where: "CustomerWhere", kind: db.KindCustomer, docs: customers},
		{list: "interactions", where: "InteractionWhere", kind: db.KindInteraction, docs: interactions},
		{list: "tickets", where: "TicketWhere", kind: db.KindTicket, docs: tickets},
	}
	for i := range lists {
		lists[i].stored = stored
		lists[i].kinds = map[string]entity.Kind{
			"id": lists[i].kind, "userId": db.KindUser, "assigneeId": db.KindUser, "customerId": db.KindCustomer,
			"interactionId": db.KindInteraction,
		}
	}
	return lists
}
