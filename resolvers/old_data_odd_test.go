package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

// odd are fields that differ from those of a usual document of the old application; notStored removes one.
type odd map[string]any

type notStored struct{}

// insert stores a document of the old application with odd fields.
func (o oldData) insert(collection string, n int, odd odd) {
	o.t.Helper()
	usual := map[string]bson.D{
		"users": {{Key: "name", Value: fmt.Sprintf("User %d", n)}, {Key: "email", Value: fmt.Sprintf("u%d@example.com", n)},
			{Key: "password", Value: oldHash}, {Key: "role", Value: "USER"}, {Key: "user_id", Value: oldID(n).String()}},
		"customers": {{Key: "name", Value: fmt.Sprintf("Customer %d", n)}, {Key: "email", Value: fmt.Sprintf("c%d@example.com", n)},
			{Key: "password", Value: oldHash}, {Key: "company", Value: "TCS"}, {Key: "customer_id", Value: oldID(n).String()}},
		"interactions": {{Key: "user_id", Value: bson.ObjectID(oldID(1))}, {Key: "customer_id", Value: bson.ObjectID(oldID(11))},
			{Key: "title", Value: fmt.Sprintf("Title %d", n)}, {Key: "start_time", Value: oldTime}},
		"tickets": {{Key: "interaction_id", Value: bson.ObjectID(oldID(21))}, {Key: "customer_id", Value: bson.ObjectID(oldID(11))},
			{Key: "description", Value: fmt.Sprintf("Ticket %d", n)}, {Key: "status", Value: "open"}},
	}[collection]
	document := bson.D{}
	add := func(key string, value any) {
		if changed, ok := odd[key]; ok {
			value = changed
		}
		if value != (notStored{}) {
			document = append(document, bson.E{Key: key, Value: value})
		}
	}
	add("_id", bson.ObjectID(oldID(n)))
	for _, e := range append(usual, bson.E{Key: "created_at", Value: oldTime}, bson.E{Key: "updated_at", Value: oldTime}) {
		add(e.Key, e.Value)
	}
	for key, value := range odd {
		if field(document, key) == nil && value != (notStored{}) && value != nil {
			document = append(document, bson.E{Key: key, Value: value})
		}
	}
	if _, err := o.database.Collection(collection).InsertOne(o.t.Context(), document); err != nil {
		o.t.Fatal(err)
	}
}

// oddTickets are the stored statuses of old tickets, and what they are.
var oddTickets = []struct {
	stored any
	status string
}{
	{"solved", "RESOLVED"}, {"Resolved", "RESOLVED"}, {" done", "RESOLVED"}, {"Fixed", "RESOLVED"}, {"OPEN", "OPEN"}, {"", "OPEN"},
	{"In Progress", "IN_PROGRESS"}, {"in-progress", "IN_PROGRESS"}, {"CLOSED ", "CLOSED"}, {"waiting for parts", "OPEN"}, {nil, "OPEN"},
	{int32(3), "OPEN"}, {notStored{}, "OPEN"}, {"closed", "CLOSED"},
}

// openOddData fills a database as badly as the old application and its operators may have done, and prepares it.
func openOddData(t *testing.T) (o oldData, reports string) {
	t.Helper()
	o = oldData{server: &server{t: t}, database: mongotest.Database(t)}
	o.insert("users", 1, odd{"role": "admin", "email": " Rohan@Gmail.com  "})
	o.insert("users", 2, odd{"role": "User", "created_at": notStored{}})
	o.insert("users", 3, odd{"role": "superuser", "name": nil})
	o.insert("users", 4, odd{"name": notStored{}, "email": notStored{}, "password": notStored{}, "role": notStored{}, "created_at": notStored{}})
	o.insert("users", 5, odd{"created_at": "yesterday"})
	o.insert("users", 6, odd{"_id": "a text", "email": "u6@example.com"})
	o.insert("users", 7, odd{"email": nil, "name": "Zoë"})
	o.insert("customers", 11, odd{"phone": int64(493012345678)})
	o.insert("customers", 12, odd{"email": "", "created_at": "2023-05-06"})
	o.insert("customers", 13, odd{"email": nil, "created_at": nil})
	o.insert("customers", 14, odd{"created_at": int64(1683356889010), "updated_at": notStored{}})
	o.insert("customers", 15, odd{"email": notStored{}})
	o.insert("customers", 16, odd{"email": " \u200b "})
	o.insert("interactions", 21, nil)
	o.insert("interactions", 22, odd{"start_time": notStored{}})
	o.insert("interactions", 23, odd{"start_time": "2023-05-06T09:00:00+02:00", "user_id": oldID(1).String(), "customer_id": oldID(11).String()})
	o.insert("interactions", 24, odd{"start_time": int64(1683356889010), "created_at": notStored{}, "user_id": int32(7)})
	o.insert("interactions", 25, odd{"start_time": "soon"})
	for i, ticket := range oddTickets {
		o.insert("tickets", 31+i, odd{"status": ticket.stored})
	}
	o.insert("tickets", 61, odd{"interaction_id": oldID(23).String(), "customer_id": oldID(11).String(), "created_at": "2023-05-06 07:08:09"})
	before := o.snapshot()
	engine, err := mongo.Open(mongotest.URI(t), o.database.Name(), db.Collections())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	o.server = serve(t, engine, db.Options{})
	reports = o.prepare()
	prepared := o.snapshot()
	o.prepare()
	for id, doc := range o.snapshot() {
		o.wantOnly(prepared[id], doc) // the second time changes nothing
		for _, e := range before[id] {
			if got := field(doc, e.Key); fmt.Sprintf("%T %v", got, got) != fmt.Sprintf("%T %v", e.Value, e.Value) {
				t.Errorf("the stored %s of %s is now %v, was %v", e.Key, id, got, e.Value)
			}
		}
	}
	return o, reports
}

// TestOddOldData checks that documents of the old application with missing fields, wrong types and unknown values are listed,
// counted, found, related and changed like others, and that those that can't be read are left out and reported.
func TestOddOldData(t *testing.T) {
	t.Parallel()
	o, reports := openOddData(t)
	for _, want := range []string{
		db.KindUser.GlobalID(oldID(4)) + ` (` + oldID(4).String() + ` in the database) is left out: it has no name and no email`,
		"field created_at: it is a string, but not a time", `is left out: field _id: it has BSON type string, not objectID`,
		"field start_time: it is a string, but not a time", "can't be read are left out: 4; crm check lists them all",
		`waiting for parts`, `superuser`, `its user_id, {\\\"$numberInt\\\":\\\"7\\\"}, refers to nothing`,
	} {
		if !strings.Contains(strings.ReplaceAll(reports, `\"`, `\\\"`), want) && !strings.Contains(reports, want) {
			t.Errorf("the report lacks %s:\n%s", want, reports)
		}
	}
	admin := o.logIn("logInUser", "rohan@gmail.com")
	user, customer := o.logIn("logInUser", "u2@example.com"), o.logIn("logInCustomer", "c11@example.com")
	o.logIn("logInUser", "u3@example.com")
	for _, test := range []struct {
		token, query string
		want         map[string]any
	}{
		{admin, `{ viewer { ... on User { role email } } users(orderBy: {field: NAME}) { totalCount nodes { name role email } }
			admins: users(where: {role: {eq: ADMIN}}) { totalCount } }`, map[string]any{
			"viewer.role": "ADMIN", "users.totalCount": 4.0, "users.nodes.3.email": nil, "users.nodes.0.name": "", "users.nodes.0.role": "USER", "admins.totalCount": 1.0,
		}},
		{user, `{ viewer { ... on User { role } } customers { totalCount } }`, map[string]any{"viewer.role": "USER", "customers.totalCount": 6.0}},
		{user, `{ customers(where: {email: {isNull: true}}, orderBy: {field: NAME}) { totalCount nodes { name email canLogIn } } }`, map[string]any{
			"customers.totalCount": 4.0, "customers.nodes.0.name": "Customer 12", "customers.nodes.0.email": nil, "customers.nodes.1.email": nil,
			"customers.nodes.2.email": nil, "customers.nodes.3.email": nil, "customers.nodes.3.canLogIn": false,
		}},
		{admin, `{ customers(where: {phone: {contains: "3012345"}}) { nodes { phone } } old: customers(where: {createdAt: {lt: "2024-01-01T00:00:00Z"}}) { totalCount } }`,
			map[string]any{"customers.nodes.0.phone": "493012345678", "old.totalCount": 6.0}},
		{admin, `{ interactions { totalCount } viewer { ... on User { interactions(orderBy: {field: START_TIME, direction: ASC}) { totalCount nodes { title startTime } } } } }`,
			map[string]any{"interactions.totalCount": 4.0, "viewer.interactions.totalCount": 3.0,
				"viewer.interactions.nodes.0.startTime": "2023-05-06T07:00:00.000Z", "viewer.interactions.nodes.1.startTime": "2023-05-06T07:08:09.010Z"}},
		{customer, `{ viewer { ... on Customer { interactions { totalCount } tickets { totalCount nodes { interaction { title } } } } } }`,
			map[string]any{"viewer.interactions.totalCount": 4.0, "viewer.tickets.totalCount": 15.0, "viewer.tickets.nodes.0.interaction.title": "Title 21"}},
		{admin, `{ tickets(where: {interaction: {title: {eq: "title 23"}}}) { nodes { customer { name } } } resolved: tickets(where: {status: {eq: RESOLVED}}) { totalCount }
			others: tickets(where: {status: {notIn: [OPEN]}}) { totalCount } }`,
			map[string]any{"tickets.nodes.0.customer.name": "Customer 11", "resolved.totalCount": 4.0, "others.totalCount": 8.0}},
	} {
		a := o.must(test.token, test.query, nil)
		for path, want := range test.want {
			if got := a.at(path); got != want {
				t.Errorf("%s\n%s is %v, want %v", test.query, path, got, want)
			}
		}
	}
	o.testPages(admin)
	o.testStatuses(t, admin)
}

func (o oldData) logIn(mutation, email string) (token string) {
	o.t.Helper()
	return o.must("", `mutation { `+mutation+`(input: {email: "`+email+`", password: "correct horse"}) { tokens { accessToken } } }`, nil).
		text(mutation + ".tokens.accessToken")
}

// testPages reads each list in pages, forwards and backwards in several orders, and compares with its count.
func (o oldData) testPages(admin string) {
	o.t.Helper()
	for list, orders := range map[string][]string{
		"users": {"NAME", "CREATED_AT", "EMAIL"}, "customers": {"NAME", "EMAIL", "CREATED_AT"},
		"interactions": {"START_TIME", "TITLE", "CREATED_AT"}, "tickets": {"PRIORITY", "CREATED_AT", "UPDATED_AT"},
	} {
		for _, order := range orders {
			for _, arguments := range []string{"first: 2, after: $c", "last: 2, before: $c"} {
				o.page(admin, list, order, arguments)
			}
		}
	}
}

func (o oldData) page(admin, list, order, arguments string) {
	o.t.Helper()
	query := `query($c: String) { ` + list + `(` + arguments + `, orderBy: [{field: ` + order + `}]) {
		totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor startCursor } } }`
	next, cursor := "hasNextPage", "endCursor"
	if strings.HasPrefix(arguments, "last") {
		next, cursor = "hasPreviousPage", "startCursor"
	}
	var seen []string
	vars := variables{"c": nil}
	for more := true; more && len(seen) < 100; {
		a := o.must(admin, query, vars)
		for i := range a.at(list + ".nodes").([]any) {
			seen = append(seen, a.text(fmt.Sprintf("%s.nodes.%d.id", list, i)))
		}
		more = a.at(list+".pageInfo."+next) == true
		vars = variables{"c": a.text(list + ".pageInfo." + cursor)}
		if !more && float64(len(seen)) != a.at(list+".totalCount") {
			o.t.Errorf("%s by %s, %s: %d on pages, %v counted", list, order, arguments, len(seen), a.at(list+".totalCount"))
		}
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != len(seen) {
		o.t.Errorf("%s by %s, %s: some are on two pages", list, order, arguments)
	}
}

// testStatuses checks what each stored status is, that a filter finds it, and that the ticket can be moved.
func (o oldData) testStatuses(t *testing.T, admin string) {
	t.Helper()
	for i, ticket := range oddTickets {
		id := db.KindTicket.GlobalID(oldID(31 + i))
		a := o.must(admin, `query($s: TicketStatus!) { tickets(first: 100, where: {status: {eq: $s}}) { nodes { id status } } }`, variables{"s": ticket.status})
		if !strings.Contains(a.raw, `{"id":"`+id+`","status":"`+ticket.status+`"}`) {
			t.Errorf("%v: not found as %s: %s", ticket.stored, ticket.status, a.raw)
		}
	}
	for i, ticket := range oddTickets {
		id, next := db.KindTicket.GlobalID(oldID(31+i)), "IN_PROGRESS"
		if ticket.status == next {
			next = "OPEN"
		}
		a := o.mutate(admin, "moveTicket", variables{"id": id, "status": next}, "ticket { status }")
		if got := a.text("moveTicket.ticket.status"); got != next {
			t.Errorf("%v: moved to %s: %s", ticket.stored, next, a.raw)
			continue
		}
		stored := o.snapshot()[fmt.Sprint(bson.ObjectID(oldID(31+i)))]
		if got := field(stored, "status"); got != strings.ToLower(next) {
			t.Errorf("%v: after a move, the old application finds %v", ticket.stored, got)
		}
	}
	ticket := o.mutate(admin, "deleteTicket", variables{"id": db.KindTicket.GlobalID(oldID(31))}, "deletedId")
	if found, _ := o.store.Count(t.Context(), db.Tickets.Collection, store.Filter{}); len(ticket.Errors) > 0 || found != len(oddTickets) {
		t.Errorf("after a deletion there are %d tickets: %s", found, ticket.raw)
	}
}
