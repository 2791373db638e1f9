// Package demo fills a store with the data of a plausible small business.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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

// Days before today: the business has begun so long ago, its last customer has come so long ago, and interactions take place from and
// until so many days before and after today.
const (
	begun        = 70
	lastCustomer = 35
	around       = 30
)

// together is how many customers are planned at a time, which bounds the memory that the plans take. What happens is in the order of
// time among these.
const together = 1_000

// Password is the password of every demo account.
const Password = "demo-password"

// Admin is the address of the demo's admin.
const Admin = "admin@demo.example"

// Fill adds demo data with that many customers, as if it had come about in the last weeks; the same number always gives the same names and
// texts. It calls progress with the number of customers that are done. A store that has users already is a CONFLICT.
func Fill(ctx context.Context, d *db.DB, customers int, progress func(done int)) error {
	exists, err := d.HasUsers(ctx)
	if err != nil {
		return err
	}
	if exists {
		return store.Errorf(store.Conflict, "there are users already, and the demo needs an empty store: name another folder for it, "+
			"DATA_DIR=demo crm demo, and then start the server with the same DATA_DIR")
	}
	f := newFiller()
	f.db = d.ForDemo(func() time.Time { return f.now }, hashOnce)
	if err := f.addStaff(ctx); err != nil {
		return err
	}
	for first := 0; first < customers; first += together {
		n := min(together, customers-first)
		err := f.addCustomers(ctx, first, n, func(share float64) { progress(first + int(share*float64(n))) })
		if err != nil {
			return err
		}
	}
	return nil
}

// addCustomers adds n customers, and all that happens with them in the order of time. It calls progress with the share that is done.
func (f *filler) addCustomers(ctx context.Context, first, n int, progress func(share float64)) error {
	f.steps = f.steps[:0]
	for i := range n {
		f.planCustomer(first + i)
	}
	slices.SortStableFunc(f.steps, func(a, b step) int { return a.at.Compare(b.at) })
	for i, step := range f.steps {
		f.now = step.at
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("cannot add the demo's data of %s: %w", step.at.Format(time.DateOnly), err)
		}
		progress(float64(i+1) / float64(len(f.steps)))
	}
	return nil
}

// filler adds the demo's parts. It makes all changes through the domain, like real accounts, in the order of their times.
type filler struct {
	db     *db.DB
	random *rand.Rand
	texts  texts
	today  time.Time
	// now is the time of the change that is made.
	now   time.Time
	staff []*db.User
	steps []step
}

// step is a change that is made at a time.
type step struct {
	at time.Time
	do func(ctx context.Context) error
}

func newFiller() *filler {
	random := rand.New(rand.NewPCG(1, 2))
	return &filler{random: random, texts: newTexts(random), today: time.Now().UTC().Truncate(24 * time.Hour)}
}

func (f *filler) plan(at time.Time, do func(ctx context.Context) error) {
	f.steps = append(f.steps, step{at, do})
}

// between returns a time between two others, in working hours, that isn't before the first one.
func (f *filler) between(from, to time.Time) time.Time {
	at := from.Add(time.Duration(f.random.Int64N(max(1, int64(to.Sub(from))))))
	at = at.Truncate(24 * time.Hour).Add(time.Duration(8*60+f.random.IntN(9*60)) * time.Minute)
	if at.Before(from) {
		return from.Add(time.Minute)
	}
	return at
}

func (f *filler) addStaff(ctx context.Context) error {
	f.now = f.today.AddDate(0, 0, -begun)
	admin, err := f.db.SignUpUser(ctx, db.NewUser{Name: "Asha Rao", Email: Admin, Password: Password, Verified: true}, db.Setup{Local: true})
	if err != nil {
		return fmt.Errorf("cannot add admin: %w", err)
	}
	f.staff = append(f.staff, admin)
	for i := 1; i < staff; i++ {
		user, err := f.db.CreateUser(ctx, scopeOf(admin), db.NewUser{
			Name: f.texts.name(), Email: fmt.Sprintf("staff%d@demo.example", i), Password: Password, Role: auth.User, Verified: true,
		})
		if err != nil {
			return fmt.Errorf("cannot add user: %w", err)
		}
		f.staff = append(f.staff, user)
	}
	return nil
}

func (f *filler) planCustomer(n int) {
	owner := f.staff[f.random.IntN(len(f.staff))]
	company, password := pick(f, companies), Password
	phone := fmt.Sprintf("+91 22 %04d %04d", f.random.IntN(10_000), f.random.IntN(10_000))
	in := db.NewCustomer{
		Name: f.texts.name(), Email: fmt.Sprintf("customer%d@demo.example", n+1), Company: &company, Phone: &phone, Password: &password, Verified: true,
	}
	created := f.between(f.today.AddDate(0, 0, 1-begun), f.today.AddDate(0, 0, -lastCustomer))
	customer := new(db.Customer)
	f.plan(created, func(ctx context.Context) error {
		found, err := f.db.CreateCustomer(ctx, scopeOf(owner), in)
		if err == nil {
			*customer = *found
		}
		return err
	})
	for range 1 + f.random.IntN(maxInteractions) {
		f.planInteraction(owner, customer, created)
	}
	if n%4 == 3 {
		f.planQueued(customer, created)
	}
}

func (f *filler) planInteraction(owner *db.User, customer *db.Customer, known time.Time) {
	minutes, location := 30*(1+f.random.IntN(4)), pick(f, locations)
	start := f.today.AddDate(0, 0, f.random.IntN(2*around)-around).Add(time.Duration(8+f.random.IntN(10)) * time.Hour)
	in := db.NewInteraction{
		Kind: pick(f, kinds), Title: f.texts.title(), Description: pick(f, descriptions), StartTime: start, End: &db.End{Minutes: &minutes},
		Location: &location,
	}
	soonest := earlier(start.AddDate(0, 0, -14), f.today.AddDate(0, 0, -3))
	created := f.between(later(known.Add(time.Hour), soonest), earlier(start.Add(-time.Hour), f.today))
	interaction := new(db.Interaction)
	f.plan(created, func(ctx context.Context) error {
		in.CustomerID = customer.GlobalID()
		found, err := f.db.CreateInteraction(ctx, scopeOf(owner), in)
		if err == nil {
			*interaction = *found
		}
		return err
	})
	if end := start.Add(time.Duration(minutes) * time.Minute); end.Before(f.today) {
		f.plan(later(end, created.Add(time.Minute)), func(ctx context.Context) error {
			done := db.InteractionDone
			_, err := f.db.UpdateInteraction(ctx, scopeOf(owner), interaction.ID, nil, db.InteractionChanges{Status: &done})
			return err
		})
	}
	for range f.random.IntN(maxTickets + 1) {
		f.planTicket(owner, customer, interaction, created)
	}
}

// planTicket plans a ticket of a customer, its assignment, and its way towards being closed, as far as that is past.
func (f *filler) planTicket(owner *db.User, customer *db.Customer, i *db.Interaction, known time.Time) {
	at := f.between(known.Add(time.Hour), f.today)
	description, priority := f.texts.question(), db.Priority(1+f.random.IntN(4))
	ticket := new(db.Ticket)
	f.plan(at, func(ctx context.Context) error {
		scope := auth.Scope{Role: auth.Customer, Account: customer.ID}
		found, err := f.db.CreateTicket(ctx, scope, db.NewTicket{InteractionID: new(i.GlobalID()), Description: description, Priority: priority})
		if err == nil {
			*ticket = *found
		}
		return err
	})
	if f.random.IntN(2) == 0 {
		return
	}
	assignee := f.staff[f.random.IntN(len(f.staff))].ID
	at = at.Add(time.Duration(10+f.random.IntN(300)) * time.Minute)
	f.plan(at, func(ctx context.Context) error {
		_, err := f.db.AssignTicket(ctx, scopeOf(owner), ticket.ID, nil, &assignee)
		return err
	})
	if f.random.IntN(2) == 0 {
		at = f.planMessages(owner, customer, ticket, at)
	}
	for _, status := range []db.TicketStatus{db.TicketInProgress, db.TicketResolved, db.TicketClosed}[:f.random.IntN(4)] {
		at = at.Add(time.Duration(1+f.random.IntN(72)) * time.Hour)
		if at.After(f.today) {
			return
		}
		f.plan(at, func(ctx context.Context) error {
			_, err := f.db.MoveTicket(ctx, scopeOf(owner), ticket.ID, nil, status)
			return err
		})
	}
}

// planQueued plans a ticket of a customer that waits for somebody to take it.
func (f *filler) planQueued(customer *db.Customer, known time.Time) {
	description := f.texts.question()
	f.plan(f.between(later(known.Add(time.Hour), f.today.AddDate(0, 0, -3)), f.today), func(ctx context.Context) error {
		scope := auth.Scope{Role: auth.Customer, Account: customer.ID}
		_, err := f.db.CreateTicket(ctx, scope, db.NewTicket{Description: description, Priority: db.PriorityMedium})
		return err
	})
}

// planMessages plans a note of the admin on a ticket, a question of its owner and the customer's answer, as far as that is past,
// and returns when the last of them is written.
func (f *filler) planMessages(owner *db.User, customer *db.Customer, ticket *db.Ticket, at time.Time) time.Time {
	note, question, answer, pending := pick(f, notes), pick(f, replies), pick(f, answers), db.TicketPending
	for _, write := range []func(ctx context.Context) error{
		func(ctx context.Context) error {
			_, err := f.db.AddTicketNote(ctx, scopeOf(f.staff[0]), ticket.ID, db.NewNote{BodyText: note})
			return err
		},
		func(ctx context.Context) error {
			_, _, err := f.db.ReplyToTicket(ctx, scopeOf(owner), ticket.ID, db.NewReply{BodyText: question, Status: &pending})
			return err
		},
		func(ctx context.Context) error {
			scope := auth.Scope{Role: auth.Customer, Account: customer.ID}
			_, _, err := f.db.ReplyToTicket(ctx, scope, ticket.ID, db.NewReply{BodyText: answer})
			return err
		},
	} {
		next := at.Add(time.Duration(5+f.random.IntN(600)) * time.Minute)
		if next.After(f.today) {
			break
		}
		at = next
		f.plan(at, write)
	}
	return at
}

func pick[T any](f *filler, from []T) T { return from[f.random.IntN(len(from))] }

func scopeOf(user *db.User) auth.Scope { return auth.Scope{Role: user.Role, Account: user.ID} }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
