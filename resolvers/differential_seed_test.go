package resolvers_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/cache"
	"crm/db/entity"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
	"crm/db/textkey"
)

// nasty are texts that an encoder may get wrong: control characters, quotes, line terminators of JavaScript, apparent
// escapes, and invalid UTF-8.
var nasty = []string{
	"Érica", "e\u0301ric the 2nd", "", " ", "tab\tfeed\nreturn\r", `"quoted" \ and \\`, "\u2028line\u2029paragraph",
	"\x01\x02\x08\x0b\x0c\x0e\x1a\x1b\x1f\x7f", "</script><!-- & ' ` -->", `\u0041 \ud800 \x00 \n`, "emoji 😀🏳️‍🌈",
	"bad \xff\xfe utf-8", "surrogate \xed\xa0\x80", "\ufeffBOM \ufffd \u202eright to left\u0085", "null", `{"a":[1]}`,
	"نص عربي 中文 ไทย", "nul\x00inside",
}

// moments include milliseconds with and without trailing zeros, and unusual years.
var moments = []time.Time{
	time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2020, 1, 2, 3, 4, 5, 120_000_000, time.UTC),
	time.Date(2020, 2, 29, 23, 59, 59, 999_000_000, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 1_000_000, time.UTC),
	time.Date(2021, 12, 31, 0, 0, 0, 100_000_000, time.UTC), time.Date(2199, 6, 7, 8, 9, 10, 0, time.UTC),
}

// The number of documents of each kind.
const (
	someUsers        = 7
	someCustomers    = 11
	someInteractions = 33
	someTickets      = 70
	someDeliveries   = 40
)

// openStore opens the store in a file, with a cache as the server has one.
func openStore(tb testing.TB, path string) store.Store {
	tb.Helper()
	store, err := cache.New(sqlitetest.Open(tb, path, db.Collections()), db.Kept(), cache.MinBytes)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = store.Close() })
	return store
}

// openSeeded opens a new store whose documents have fixed ids, so two such stores are equal. Some references are dangling.
func openSeeded(tb testing.TB, path string) store.Store {
	tb.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		tb.Fatal(err)
	}
	store := openStore(tb, path)
	s := seeder{tb: tb, store: store, passwordHash: string(hash)}
	for _, seed := range seeds {
		for i := range seed.some {
			seed.insert(&s, i)
		}
	}
	return store
}

// seed describes the documents of a kind that the operations read.
type seed struct {
	kind entity.Kind
	// some is their number, and insert inserts the i-th.
	some   int
	insert func(s *seeder, i int)
	// list is the field of Query that lists them, or empty. Customers may not use it if it is for staff.
	list      string
	staffOnly bool
}

var seeds = []seed{
	{db.KindUser, someUsers, (*seeder).user, "users", false},
	{db.KindCustomer, someCustomers, (*seeder).customer, "customers", false},
	{db.KindInteraction, someInteractions, (*seeder).interaction, "interactions", false},
	{db.KindTicket, someTickets, (*seeder).ticket, "tickets", false},
	{db.KindDelivery, someDeliveries, (*seeder).delivery, "", false},
}

// alsoSeeded adds the documents of another entity. The entity's own test file calls it in a variable declaration.
func alsoSeeded(s seed) struct{} {
	seeds = append(seeds, s)
	return struct{}{}
}

type seeder struct {
	tb           testing.TB
	store        store.Store
	passwordHash string
}

// seededID returns the id of the i-th document of a kind; ids beyond the last are unused.
func seededID(kind entity.Kind, i int) store.ID { return store.DerivedID(string(kind), fmt.Sprint(i)) }

func textAt(i int) string { return nasty[i%len(nasty)] }

func momentAt(i int) time.Time {
	return moments[i%len(moments)].Add(time.Duration(i/len(moments)) * time.Hour)
}

func (s *seeder) insert(c *store.Collection, f fields) {
	s.tb.Helper()
	doc := seedling{}
	for _, field := range c.Fields {
		value := f[field.Name]
		if value == nil && !field.Nullable {
			value = field.Default
		}
		doc = append(doc, pointerTo(field, value))
	}
	if err := s.store.Insert(s.tb.Context(), c, doc); err != nil {
		s.tb.Fatalf("cannot seed %v: %v", f, err)
	}
}

func (s *seeder) user(i int) {
	email := fmt.Sprintf("User%d@Example.com", i)
	user := fields{
		"_id": seededID(db.KindUser, i), "name": textAt(i), "email": email,
		"email_key": textkey.Fold(email), "password": s.passwordHash, "role": string(auth.User),
		"created_at": momentAt(i), "updated_at": momentAt(i + 3), "version": 1 + i%3,
	}
	if i == 0 {
		user["role"] = string(auth.Admin)
	}
	if i == someUsers-1 {
		user["deactivated_at"], user["unverified_since"] = momentAt(i), momentAt(i)
	}
	s.insert(db.Users.Collection, user)
}

func (s *seeder) customer(i int) {
	email := fmt.Sprintf("Customer%d@Example.org", i)
	customer := fields{
		"_id": seededID(db.KindCustomer, i), "name": textAt(i + 4), "email": email,
		"email_key": textkey.Fold(email), "created_at": momentAt(i / 2), "updated_at": momentAt(i + 1), "version": 1,
	}
	if i%4 == 3 {
		customer["email"], customer["email_key"] = "", store.SecondKey("", seededID(db.KindCustomer, i))
	}
	if i%3 != 0 {
		customer["company"], customer["unverified_since"] = textAt(i+9), momentAt(i)
	}
	if i%2 == 0 {
		customer["phone"], customer["password"] = fmt.Sprintf("+91 22 %d x12", i), s.passwordHash
	}
	s.insert(db.Customers.Collection, customer)
}

// interaction gives the last customers none.
func (s *seeder) interaction(i int) {
	interaction := fields{
		"_id": seededID(db.KindInteraction, i), "user_id": seededID(db.KindUser, i%(someUsers+1)),
		"customer_id": seededID(db.KindCustomer, i%(someCustomers-3)), "kind": []string{"meeting", "task", "follow_up"}[i%3],
		"status": []string{"planned", "done", "cancelled", "planned"}[i%4], "title": textAt(i),
		"description": textAt(i + 7), "start_time": momentAt(i), "created_at": momentAt(i / 3), "updated_at": momentAt(i),
		"version": 1 + i%2,
	}
	if i%10 == 9 {
		interaction["customer_id"] = seededID(db.KindCustomer, someCustomers)
	}
	if i%3 == 0 {
		interaction["end_time"] = momentAt(i).Add(time.Duration(i) * 90 * time.Second)
	}
	interaction["internal"] = i%7 == 3
	if i%2 == 0 {
		interaction["location"] = textAt(i + 2)
	}
	s.insert(db.Interactions.Collection, interaction)
}

func (s *seeder) ticket(i int) {
	about := i * i % someInteractions
	ticket := fields{
		"_id": seededID(db.KindTicket, i), "interaction_id": seededID(db.KindInteraction, about),
		"customer_id":         seededID(db.KindCustomer, about%(someCustomers-3)),
		"interaction_user_id": seededID(db.KindUser, about%(someUsers+1)), "number": i + 1, "title": textAt(i + 1),
		"title_key": textkey.Fold(textAt(i + 1)), "description": textAt(i), "priority": 1 + i%4,
		"status": []string{"open", "in_progress", "pending", "resolved", "closed"}[i/3%5], "created_at": momentAt(i / 4),
		"updated_at": momentAt(i), "version": 1,
	}
	ticket["interaction_internal"] = about%7 == 3
	if i%5 != 0 {
		ticket["assignee_id"] = seededID(db.KindUser, i%(someUsers+2))
	}
	if i%9 == 4 { // without an interaction
		delete(ticket, "interaction_id")
		delete(ticket, "interaction_user_id")
		delete(ticket, "interaction_internal")
		if ticket["assignee_id"] == nil {
			ticket["queue"] = "shared"
		}
	}
	switch i {
	case 30:
		ticket["interaction_id"] = seededID(db.KindInteraction, someInteractions)
	case 31:
		ticket["status"] = "a status that this version doesn't know"
	}
	s.insert(db.Tickets.Collection, ticket)
}

func (s *seeder) delivery(i int) {
	about := seededID(db.KindTicket, i/2%someTickets)
	if i%2 == 0 {
		about = seededID(db.KindInteraction, i/3)
	}
	delivery := fields{
		"_id": seededID(db.KindDelivery, i), "event_id": seededID("event", i), "entity_id": about, "channel": "mail",
		"recipient": fmt.Sprintf("customer%d@example.org", i%someCustomers), "subject": textAt(i),
		"status": []string{"pending", "sent", "failed"}[i%3], "attempts": i % 8, "next_attempt_at": momentAt(i),
		"created_at": momentAt(i / 5),
	}
	if i%3 == 1 {
		delivery["sent_at"] = momentAt(i)
	}
	if i%4 == 0 {
		delivery["last_error"] = textAt(i + 5)
	}
	s.insert(db.Deliveries.Collection, delivery)
}
