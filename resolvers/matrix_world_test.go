package resolvers_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// world is the initial state of the tests: two of everything that has an owner, and an admin.
//
//	ada   an admin
//	uma   a user,     plan an interaction of uma with cleo,  leak  a ticket on plan, mail a message about plan
//	otto  a user,     call an interaction of otto with cato, noise a ticket on call
//	cleo  a customer
//	cato  a customer
type world struct {
	s      *server
	people map[string]account
	ids    map[string]string
	// made counts created objects, for unique names.
	made atomic.Int64
}

// column identifies the viewer.
type column int

const (
	nobody column = iota
	customerOwner
	customerOther
	userOwner
	userOther
	admin
)

func (c column) String() string {
	return [...]string{"nobody", "the owning customer", "another customer", "the owning user", "another user", "an admin"}[c]
}

func (w *world) asks(c column) account {
	return [...]account{{}, w.people["cleo"], w.people["cato"], w.people["uma"], w.people["otto"], w.people["ada"]}[c]
}

// additions are the contributions of the test files of entities.
var additions []func(w *world)

// inMatrix adds an entity to the matrix: its documents in each world, and the rows of its fields. An entity's own test file
// calls it in a variable declaration.
func inMatrix(add func(w *world), queries, subscriptions, mutations []row) struct{} {
	additions = append(additions, add)
	queryRows = append(queryRows, queries...)
	subscriptionRows = append(subscriptionRows, subscriptions...)
	mutationRows = append(mutationRows, mutations...)
	return struct{}{}
}

func (s *server) newWorld() *world {
	s.t.Helper()
	w := &world{s: s, people: make(map[string]account), ids: make(map[string]string)}
	w.people["ada"] = s.signUpUser("Ada")
	w.people["uma"], w.people["otto"] = s.hire(w.people["ada"], "Uma"), s.hire(w.people["ada"], "Otto")
	w.people["cleo"], w.people["cato"] = s.signUpCustomer("Cleo"), s.signUpCustomer("Cato")
	for name, person := range w.people {
		w.ids[name] = person.id
	}
	w.ids["plan"] = s.createInteraction(w.people["uma"], w.people["cleo"], "plan")
	w.ids["call"] = s.createInteraction(w.people["otto"], w.people["cato"], "call")
	w.ids["leak"] = s.createTicket(w.people["cleo"], w.ids["plan"], "leak")
	w.ids["noise"] = s.createTicket(w.people["cato"], w.ids["call"], "noise")
	w.ids["mail"] = s.failedDelivery(w.ids["plan"])
	for _, add := range additions {
		add(w)
	}
	return w
}

func (w *world) nameOf(id string) string {
	for name, known := range w.ids {
		if known == id {
			return name
		}
	}
	return id
}

// failedDelivery creates a failed message about an interaction or a ticket.
func (s *server) failedDelivery(about string) string {
	s.t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	delivery := &db.Delivery{
		ID: store.NewID(), EventID: store.NewID(), EntityID: idOf(s.t, about), Channel: "mail", Recipient: "cleo@example.org",
		Subject: "plan", Status: db.DeliveryFailed, Attempts: 7, NextAttemptAt: now, CreatedAt: now,
	}
	s.insert(db.Deliveries.Collection, delivery)
	return delivery.GlobalID()
}

// idOf returns the id in a global id.
func idOf(t *testing.T, global string) store.ID {
	t.Helper()
	_, id, err := db.ParseGlobalID(global)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// scopeOf returns the scope of an account of the world.
func (w *world) scopeOf(name string) auth.Scope {
	w.s.t.Helper()
	role := auth.User
	switch {
	case name == "ada":
		role = auth.Admin
	case strings.HasPrefix(w.ids[name], string(db.KindCustomer)):
		role = auth.Customer
	}
	return auth.Scope{Role: role, Account: idOf(w.s.t, w.ids[name])}
}

// cell is a field with one of the six viewers.
type cell struct {
	*world

	s      *server
	column column
	me     account
}

// newEmail returns an unused address.
func (w *world) newEmail() string { return fmt.Sprintf("new%d@example.net", w.made.Add(1)) }

// logIn makes an account the viewer, as if it had just logged in.
func (c *cell) logIn(id store.ID, role auth.Role, global string) {
	c.s.t.Helper()
	session, refresh, err := c.s.db.StartSession(c.s.t.Context(), id, role.IsStaff())
	if err != nil {
		c.s.t.Fatal(err)
	}
	token, _, err := c.s.tokens.Issue(auth.Viewer{Role: role, Account: id, Session: session.ID})
	if err != nil {
		c.s.t.Fatal(err)
	}
	c.me = account{id: global, token: token, refresh: refresh}
}

// newUser creates a user, who becomes the viewer if owner is true.
func (c *cell) newUser(role auth.Role, owner bool) string {
	c.s.t.Helper()
	user, err := c.s.db.CreateUser(c.s.t.Context(), c.scopeOf("ada"),
		db.NewUser{Name: "New", Email: c.newEmail(), Password: password, Role: role})
	if err != nil {
		c.s.t.Fatal(err)
	}
	if owner {
		c.logIn(user.ID, role, user.GlobalID())
	}
	return user.GlobalID()
}

// newCustomer creates a customer, who becomes the viewer if owner is true.
func (c *cell) newCustomer(owner bool) string {
	c.s.t.Helper()
	secret := password
	done, err := c.s.db.SignUpCustomer(c.s.t.Context(),
		db.NewCustomer{Name: "New", Email: c.newEmail(), Password: &secret}, "")
	if err != nil {
		c.s.t.Fatal(err)
	}
	if owner {
		c.logIn(done.Created.ID, auth.Customer, done.Created.GlobalID())
	}
	return done.Created.GlobalID()
}
