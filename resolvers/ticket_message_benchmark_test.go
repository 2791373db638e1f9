package resolvers_test

import (
	"fmt"
	"testing"
	"time"

	"crm/db"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
)

// BenchmarkMessages reads the newest 10 messages of a ticket that has 10 or 1,000, from the file: a long conversation takes no more time.
func BenchmarkMessages(b *testing.B) {
	const page = `{ tickets { nodes { id messages(last: 10) { nodes { id bodyText createdAt author { __typename } } } } } }`
	for _, messages := range []int{10, 1_000} {
		engine := sqlitetest.OpenNew(b, db.Collections())
		at := time.Date(2024, 1, 1, 12, 30, 0, 0, time.UTC)
		ticket := &db.Ticket{
			ID: store.NewID(), CustomerID: store.NewID(), Description: "The door squeaks.", Status: db.TicketOpen, Priority: db.PriorityHigh,
			CreatedAt: at, UpdatedAt: at, Version: 1,
		}
		insert := func(into *store.Collection, document store.Document) {
			if err := engine.Insert(b.Context(), into, document); err != nil {
				b.Fatal(err)
			}
		}
		insert(db.Tickets.Collection, ticket)
		for i := range messages {
			insert(db.TicketMessages.Collection, &db.TicketMessage{
				ID: store.NewID(), TicketID: ticket.ID, CustomerID: ticket.CustomerID, Position: i + 1, Visibility: db.MessagePublic,
				BodyText: "It still does.", CreatedAt: at.Add(time.Duration(i) * time.Minute), Version: 1,
			})
		}
		handler := newTwin(b, engine).fast
		b.Run(fmt.Sprint(messages), func(b *testing.B) { benchmarkAnswer(b, handler, page) })
	}
}
