package main

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// The numbers of documents per customer, and how the other data grows with the number of customers.
const (
	interactionsEach = 10
	ticketsEach      = 3
	// companySize keeps the size of a company, and so of Q4's response, independent of the number of customers.
	companySize = 60
	// accounts is the number of customers who can log in; concurrent log-ins use different accounts.
	accounts = 16
	// maxCustomers is the maximum for which the counter in an id has room, with all tickets.
	maxCustomers = 500_000
)

// The password of all accounts. The hash has the server's bcrypt cost, so no log-in renews it.
const (
	password     = "bench-password"
	passwordHash = "$2a$12$lCmfcc5IPNIZX3EtH8TSyeu3T1BzONNhla4padbqF828jK6wYspC6"
	adminEmail   = "admin@bench.example"
)

// world is the content of the data. Each row is a function of its number, so it can be computed without reading the data,
// and the same number of customers always gives the same data.
type world struct {
	customers int
	words     vocabulary
}

func newWorld(customers int) *world { return &world{customers: customers, words: newVocabulary()} }

// start is the time of the first document. Customers are created in the following year, and their interactions in the ten
// months after each, so the newest tickets belong to many customers.
func (w *world) start() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) }

const (
	year = 365 * 24 * time.Hour
	day  = 24 * time.Hour
)

// newID returns the id of a document created at a time: it has the layout of the server's ids, and so increases with time.
func newID(at time.Time, number int) store.ID {
	var id store.ID
	binary.BigEndian.PutUint32(id[:4], uint32(at.Unix()))
	copy(id[4:9], "bench")
	id[9], id[10], id[11] = byte(number>>16), byte(number>>8), byte(number)
	return id
}

func (w *world) admin() *db.User {
	return &db.User{
		ID: newID(w.start(), 0), Name: "Asha Rao", Email: adminEmail, PasswordHash: passwordHash, Role: auth.Admin,
		CreatedAt: w.start(), UpdatedAt: w.start(), Version: 1,
	}
}

func (w *world) customer(i int) *db.Customer {
	d := newDice(uint64(1 + 100*i))
	at := w.start().Add(year / time.Duration(w.customers) * time.Duration(i)).Truncate(time.Millisecond)
	company := w.companyOf(i)
	phone := fmt.Sprintf("+91 22 %04d %04d", d.below(10_000), d.below(10_000))
	c := &db.Customer{
		ID: newID(at, i), Name: w.words.name(d), Email: w.email(i), Company: &company, Phone: &phone,
		CreatedAt: at, UpdatedAt: at, Version: 1,
	}
	if i < accounts {
		c.PasswordHash = passwordHash
	}
	return c
}

func (w *world) email(customer int) string { return fmt.Sprintf("customer%d@bench.example", customer) }

// companies is the number of companies that the customers belong to.
func (w *world) companies() int { return (w.customers + companySize - 1) / companySize }

func (w *world) companyOf(customer int) string { return w.words.company(customer % w.companies()) }

// interaction returns the j-th interaction of the i-th customer.
func (w *world) interaction(i, j int) *db.Interaction {
	customer := w.customer(i)
	number := i*interactionsEach + j
	d := newDice(uint64(2 + 100*number))
	at := customer.CreatedAt.Add(time.Duration(j)*30*day + time.Duration(d.below(int(30*day/time.Millisecond)))*time.Millisecond)
	begin := at.Add(time.Duration(1+d.below(14)) * day).Truncate(30 * time.Minute)
	end := begin.Add(time.Duration(1+d.below(4)) * 30 * time.Minute)
	place := d.pick(w.words.places)
	return &db.Interaction{
		ID: newID(at, number), UserID: w.admin().ID, CustomerID: customer.ID,
		Kind:  []db.InteractionKind{db.KindMeeting, db.KindTask, db.KindFollowUp}[d.below(3)],
		Title: d.pick(w.words.titles), Description: w.words.text(d, w.words.sentences, 1, 4),
		StartTime: begin, EndTime: &end, Location: &place,
		Status:    []db.InteractionStatus{db.InteractionPlanned, db.InteractionDone, db.InteractionCancelled}[d.below(3)],
		CreatedAt: at, UpdatedAt: at, Version: 1,
	}
}

// ticket returns the k-th ticket on an interaction, which is the j-th of the i-th customer.
func (w *world) ticket(i, j, k int, on *db.Interaction) *db.Ticket {
	number := (i*interactionsEach+j)*ticketsEach + k
	d := newDice(uint64(3 + 100*number))
	at := on.CreatedAt.Add(time.Duration(k)*2*day + time.Duration(1+d.below(int(2*day/time.Millisecond)))*time.Millisecond)
	serial, description := number+1, w.words.text(d, w.words.questions, 2, 4)
	title, _, _ := strings.Cut(description, ". ")
	t := &db.Ticket{
		ID: newID(at, number), InteractionID: &on.ID, CustomerID: on.CustomerID, InteractionUserID: &on.UserID,
		Number: &serial, Title: title, Description: description, Priority: db.PriorityLow + db.Priority(d.below(4)),
		Status: []db.TicketStatus{
			db.TicketOpen, db.TicketOpen, db.TicketInProgress, db.TicketResolved, db.TicketClosed,
		}[d.below(5)],
		CreatedAt: at, UpdatedAt: at, Version: 1,
	}
	if d.below(2) == 0 {
		t.AssigneeID = &on.UserID
	}
	return t
}
