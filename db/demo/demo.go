// Package demo fills a store with the data of a plausible small business.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// The number of accounts of the staff, and the maximum numbers of a customer's interactions and an interaction's
// tickets.
const (
	staff           = 5
	maxInteractions = 6
	maxTickets      = 3
)

// Password is the password of every demo account.
const Password = "demo-password"

// Admin is the address of the demo's admin.
const Admin = "admin@demo.example"

// Fill adds demo data with that many customers; the same number always gives the same names and texts. It calls
// progress after each customer. A store that has users already is a CONFLICT.
func Fill(ctx context.Context, d *db.DB, customers int, progress func(done int)) error {
	exists, err := d.HasUsers(ctx)
	if err != nil {
		return err
	}
	if exists {
		return store.Errorf(store.Conflict, "there are users already: the demo needs an empty store")
	}
	f := &filler{db: d, random: rand.New(rand.NewPCG(1, 2)), today: time.Now().UTC().Truncate(24 * time.Hour)}
	if err := f.addStaff(ctx); err != nil {
		return err
	}
	for i := range customers {
		if err := f.addCustomer(ctx, i); err != nil {
			return fmt.Errorf("cannot add customer %d: %w", i, err)
		}
		progress(i + 1)
	}
	return nil
}

// filler adds the demo's parts. It makes all changes through the domain, like real accounts.
type filler struct {
	db     *db.DB
	random *rand.Rand
	today  time.Time
	staff  []*db.User
}

func (f *filler) addStaff(ctx context.Context) error {
	admin, err := f.db.SignUpUser(ctx, db.NewUser{Name: "Asha Rao", Email: Admin, Password: Password})
	if err != nil {
		return fmt.Errorf("cannot add admin: %w", err)
	}
	f.staff = append(f.staff, admin)
	for i := 1; i < staff; i++ {
		name := f.name()
		user, err := f.db.CreateUser(ctx, scopeOf(admin), db.NewUser{
			Name: name, Email: fmt.Sprintf("staff%d@demo.example", i), Password: Password, Role: auth.User,
		})
		if err != nil {
			return fmt.Errorf("cannot add user: %w", err)
		}
		f.staff = append(f.staff, user)
	}
	return nil
}

func (f *filler) addCustomer(ctx context.Context, n int) error {
	owner := f.staff[f.random.IntN(len(f.staff))]
	company := pick(f, companies)
	phone := fmt.Sprintf("+91 22 %04d %04d", f.random.IntN(10_000), f.random.IntN(10_000))
	in := db.NewCustomer{
		Name: f.name(), Email: fmt.Sprintf("customer%d@demo.example", n+1), Company: &company, Phone: &phone,
	}
	if n == 0 {
		password := Password // one customer to log in as; hashing a password for each would take minutes
		in.Password = &password
	}
	customer, err := f.db.CreateCustomer(ctx, scopeOf(owner), in)
	if err != nil {
		return err
	}
	for range 1 + f.random.IntN(maxInteractions) {
		if err := f.addInteraction(ctx, owner, customer); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) addInteraction(ctx context.Context, owner *db.User, customer *db.Customer) error {
	minutes := 30 * (1 + f.random.IntN(4))
	location := pick(f, locations)
	start := f.today.AddDate(0, 0, f.random.IntN(60)-30).Add(time.Duration(8+f.random.IntN(10)) * time.Hour)
	interaction, err := f.db.CreateInteraction(ctx, scopeOf(owner), db.NewInteraction{
		CustomerID: customer.GlobalID(), Kind: pick(f, kinds), Title: pick(f, titles),
		Description: pick(f, descriptions), StartTime: start, End: &db.End{Minutes: &minutes}, Location: &location,
	})
	if err != nil {
		return err
	}
	if start.Before(f.today) {
		done := db.InteractionDone
		changes := db.InteractionChanges{Status: &done}
		if _, err := f.db.UpdateInteraction(ctx, scopeOf(owner), interaction.ID, nil, changes); err != nil {
			return err
		}
	}
	for range f.random.IntN(maxTickets + 1) {
		if err := f.addTicket(ctx, owner, customer, interaction); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) addTicket(ctx context.Context, owner *db.User, customer *db.Customer, i *db.Interaction) error {
	scope := auth.Scope{Role: auth.Customer, Account: customer.ID}
	ticket, err := f.db.CreateTicket(ctx, scope, db.NewTicket{
		InteractionID: new(i.GlobalID()), Description: pick(f, questions), Priority: db.Priority(1 + f.random.IntN(4)),
	})
	if err != nil || f.random.IntN(2) == 0 {
		return err
	}
	assignee := f.staff[f.random.IntN(len(f.staff))].ID
	if _, err := f.db.AssignTicket(ctx, scopeOf(owner), ticket.ID, nil, &assignee); err != nil {
		return err
	}
	for _, status := range []db.TicketStatus{db.TicketInProgress, db.TicketResolved, db.TicketClosed}[:f.random.IntN(4)] {
		if _, err := f.db.MoveTicket(ctx, scopeOf(owner), ticket.ID, nil, status); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) name() string { return pick(f, givenNames) + " " + pick(f, familyNames) }

func pick[T any](f *filler, from []T) T { return from[f.random.IntN(len(from))] }

func scopeOf(user *db.User) auth.Scope { return auth.Scope{Role: user.Role, Account: user.ID} }
