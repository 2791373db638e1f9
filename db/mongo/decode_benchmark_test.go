package mongo

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db"
	"crm/db/store"
	"crm/db/textkey"
)

// BenchmarkDecode measures what a page of 20 documents costs this process after MongoDB has answered: whole documents, and
// the fields of a list with its order and its parents.
func BenchmarkDecode(b *testing.B) {
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	text := "They asked for references from the same trade. Decide who signs, and by when."
	interaction := &db.Interaction{
		ID: store.NewID(), UserID: store.NewID(), CustomerID: store.NewID(), Kind: db.KindMeeting, Title: "Plan the rollout",
		Description: text, StartTime: at, EndTime: &at, Status: db.InteractionPlanned, CreatedAt: at, UpdatedAt: at, Version: 1,
	}
	ticket := &db.Ticket{
		ID: store.NewID(), InteractionID: new(store.NewID()), CustomerID: store.NewID(), InteractionUserID: new(store.NewID()), Number: new(7),
		Title: "The minutes", Description: text, Status: db.TicketOpen, Priority: db.PriorityHigh, CreatedAt: at, UpdatedAt: at, Version: 1,
	}
	interaction.SetKeys(textkey.Default())
	ticket.SetKeys(textkey.Default())
	for _, page := range []struct {
		collection *store.Collection
		doc        store.Document
		next       func() store.Document
		listed     []string
	}{
		{db.Interactions.Collection, interaction, func() store.Document { return new(db.Interaction) },
			[]string{"customer_id", "kind", "title", "start_time", "status", "created_at"}},
		{db.Tickets.Collection, ticket, func() store.Document { return new(db.Ticket) },
			[]string{"interaction_id", "description", "status", "priority", "created_at"}},
	} {
		c := page.collection
		b.Run(c.Name+"/all fields", func(b *testing.B) { benchmarkDecode(b, c, page.doc, page.next, 0) })
		b.Run(c.Name+"/listed fields", func(b *testing.B) { benchmarkDecode(b, c, page.doc, page.next, c.Select(page.listed...)) })
	}
}

func benchmarkDecode(b *testing.B, c *store.Collection, doc store.Document, next func() store.Document, fields store.Fields) {
	b.Helper()
	l, err := newLayout(c)
	if err != nil {
		b.Fatal(err)
	}
	encoded, err := l.encode(doc, "")
	if err != nil {
		b.Fatal(err)
	}
	var selected bson.D
	for _, e := range encoded {
		if i, declared := l.index[e.Key]; declared && fields.Has(i) {
			selected = append(selected, e)
		}
	}
	row, err := bson.Marshal(selected)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		found := rows{layout: l}
		for range 20 {
			if err := found.add(row); err != nil {
				b.Fatal(err)
			}
		}
		if len(found.unusable) > 0 {
			b.Fatal("the rows have to be adapted first")
		}
		d := decoder{layout: l, fields: fields}
		for _, row := range found.found {
			if err := d.decode(row, next()); err != nil {
				b.Fatal(err)
			}
		}
	}
}
