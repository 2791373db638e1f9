package notify

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/cache"
	"crm/db/entity"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
	"crm/db/textkey"
)

// timeout bounds how long a test waits for a condition.
const timeout = 30 * time.Second

// world is a store with a few accounts: Ada, an admin; Bob, the interaction's user; Dora, a deactivated user; Quinn, a user who
// isn't told of their own changes; Carl, the customer.
type world struct {
	t                *testing.T
	store            store.Store
	db               *db.DB
	ada, bob, dora   *db.User
	quiet            *db.User
	carl             *db.Customer
	interaction      *db.Interaction
	ticket           *db.Ticket
	created, planned time.Time
}

func openStore(t *testing.T, path string) store.Store {
	t.Helper()
	store, err := cache.New(sqlitetest.Open(t, path, db.Collections()), db.Kept(), cache.MinBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, openStore(t, filepath.Join(sqlitetest.Folder(t), "crm.db")))
}

func newWorldOn(t *testing.T, engine store.Store) *world {
	t.Helper()
	created := time.Date(2024, 8, 1, 9, 0, 0, 0, time.UTC)
	w := &world{
		t: t, store: engine, db: db.New(engine, nil, db.Options{}), created: created,
		planned: time.Date(2024, 8, 27, 20, 3, 0, 0, time.UTC),
		ada:     &db.User{ID: store.NewID(), Name: "Ada", Email: "ada@crm.example", Role: auth.Admin, PasswordHash: "a hash"},
		bob:     &db.User{ID: store.NewID(), Name: "Bob", Email: "bob@crm.example", Role: auth.User},
		dora:    &db.User{ID: store.NewID(), Name: "Dora", Email: "dora@crm.example", Role: auth.User, DeactivatedAt: &created},
		quiet:   &db.User{ID: store.NewID(), Name: "Quinn", Email: "quinn@crm.example", Role: auth.User, NotToldOfOwn: true},
		carl:    &db.Customer{ID: store.NewID(), Name: "Carl", Email: "carl@customer.example"},
	}
	w.interaction = &db.Interaction{
		ID: store.NewID(), UserID: w.bob.ID, CustomerID: w.carl.ID, Kind: db.KindMeeting, Title: "Yearly review",
		StartTime: w.planned, Status: db.InteractionPlanned, Version: 1,
	}
	w.ticket = &db.Ticket{
		ID: store.NewID(), InteractionID: &w.interaction.ID, CustomerID: w.carl.ID, InteractionUserID: &w.bob.ID,
		Description: "The printer is on fire", Status: db.TicketOpen, Priority: db.PriorityHigh, Version: 1,
	}
	for _, user := range []*db.User{w.ada, w.bob, w.dora, w.quiet} {
		w.insert(db.Users.Collection, user)
	}
	w.insert(db.Customers.Collection, w.carl)
	return w
}

// insert writes a document as the domain would, with the key that makes its address unique.
func (w *world) insert(c *store.Collection, doc store.Document, events ...*store.Event) {
	w.t.Helper()
	pointers := doc.Pointers(nil)
	values := map[string]any{}
	for i, field := range c.Fields {
		values[field.Name] = pointers[i]
	}
	if key, ok := values["email_key"].(*string); ok {
		*key = textkey.Fold(*values["email"].(*string)) + values["_id"].(*store.ID).String()
	}
	if err := w.store.Insert(w.t.Context(), c, doc, events...); err != nil {
		w.t.Fatal(err)
	}
}

// content is the data of an event: an interaction or a ticket, the names of the changed fields, and what some of them held
// before.
type content struct {
	Interaction *db.Interaction
	Ticket      *db.Ticket
	Changed     []string
	Before      map[string]any
	// Former are the accounts that the change replaced.
	Former []entity.Party
}

// event returns the event that the domain would write for a change by actor.
func (w *world) event(kind string, actor auth.Scope, data content) *store.Event {
	w.t.Helper()
	var envelope entity.Envelope
	about := w.interaction.ID
	switch {
	case data.Interaction != nil:
		about = data.Interaction.ID
		envelope = envelopeOf(w.t, db.Interactions, data.Interaction)
	case data.Ticket != nil:
		about = data.Ticket.ID
		envelope = envelopeOf(w.t, db.Tickets, data.Ticket)
	}
	for _, field := range data.Changed {
		change := entity.FieldChange{Field: field}
		if before, ok := data.Before[field]; ok {
			change.From, _ = json.Marshal(before)
		}
		envelope.Changes = append(envelope.Changes, change)
	}
	envelope.Concerned = append(envelope.Concerned, data.Former...)
	text, err := json.Marshal(envelope)
	if err != nil {
		w.t.Fatal(err)
	}
	return &store.Event{
		ID: store.NewID(), Type: kind, Entity: about, Actor: actor.Account, ActorRole: string(actor.Role),
		At: w.created, Data: string(text),
	}
}

func envelopeOf(t *testing.T, def *entity.Definition, doc store.Document) entity.Envelope {
	t.Helper()
	envelope := entity.Envelope{State: map[string]json.RawMessage{}, Concerned: def.Parties(doc)}
	for i, pointer := range doc.Pointers(nil) {
		value, err := json.Marshal(pointer)
		if err != nil {
			t.Fatal(err)
		}
		envelope.State[def.Fields[i].Name] = value
	}
	return envelope
}

// announce writes an interaction like w.interaction with the event that Bob created it, and returns it.
func (w *world) announce(title string) *db.Interaction {
	w.t.Helper()
	interaction := *w.interaction
	interaction.ID, interaction.Title = store.NewID(), title
	w.insert(db.Interactions.Collection, &interaction,
		w.event(db.EventInteractionCreated, w.as(w.bob), content{Interaction: &interaction}))
	return &interaction
}

// announceToCarl is announce with a user who has been deleted, so that only Carl gets mail.
func (w *world) announceToCarl(title string) {
	w.t.Helper()
	interaction := *w.interaction
	interaction.ID, interaction.Title, interaction.UserID = store.NewID(), title, store.NewID()
	w.insert(db.Interactions.Collection, &interaction,
		w.event(db.EventInteractionCreated, w.as(w.bob), content{Interaction: &interaction}))
}

func (w *world) as(user *db.User) auth.Scope { return auth.Scope{Role: user.Role, Account: user.ID} }

func (w *world) asCarl() auth.Scope { return auth.Scope{Role: auth.Customer, Account: w.carl.ID} }

// deliveries returns all deliveries.
func (w *world) deliveries() []*db.Delivery {
	w.t.Helper()
	deliveries, err := w.db.RecentDeliveries(context.Background(), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return deliveries
}

// settled waits until there are n deliveries and none of them is pending, and returns them.
func (w *world) settled(n int) []*db.Delivery {
	w.t.Helper()
	var deliveries []*db.Delivery
	eventually(w.t, func() bool {
		deliveries = w.deliveries()
		for _, d := range deliveries {
			if d.Status == db.DeliveryPending {
				return false
			}
		}
		return len(deliveries) == n
	})
	return deliveries
}
