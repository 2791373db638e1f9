package mongo_test

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"

	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

// eventData is the data of every event of these tests, so that the events in the server's answers can be counted.
const eventData = `{"title":"an event's data"}`

// TestMoveEventsReadsWhatItMoves moves events while far more are pending than the limit, in one document and in
// several.
func TestMoveEventsReadsWhatItMoves(t *testing.T) {
	t.Parallel()
	const limit, inOne, inSeveral, documents = 5, 60, 4, 5
	var read atomic.Int64
	monitor := &event.CommandMonitor{Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) {
		read.Add(int64(bytes.Count(e.Reply, []byte(eventData))))
	}}
	s := mongotest.OpenOn(t, mongotest.Database(t), []*store.Collection{db.Interactions.Collection}, mongo.WithMonitor(monitor))
	insertWithEvents(t, s, inOne)
	for range documents {
		insertWithEvents(t, s, inSeveral)
	}
	for want := inOne + inSeveral*documents; want > 0; want -= limit {
		read.Store(0)
		moved, err := s.MoveEvents(t.Context(), limit)
		wantNoError(t, "MoveEvents", err)
		if moved != limit || read.Load() > limit {
			t.Fatalf("with %d events pending: moved %d and read %d, want %d of both",
				want, moved, read.Load(), limit)
		}
	}
	moved, err := s.MoveEvents(t.Context(), limit)
	wantNoError(t, "MoveEvents", err)
	if moved != 0 {
		t.Errorf("moved %d events that were not there", moved)
	}
}

// TestMoveManyEvents moves the events of more documents than one command may change.
func TestMoveManyEvents(t *testing.T) {
	t.Parallel()
	const documents = 120
	s := mongotest.Open(t, db.Interactions.Collection)
	for range documents {
		insertWithEvents(t, s, 1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	moved, err := s.MoveEvents(ctx, 2*documents)
	wantNoError(t, "MoveEvents", err)
	if moved != documents {
		t.Errorf("moved %d events, want %d", moved, documents)
	}
}

func insertWithEvents(t *testing.T, s *mongo.Store, n int) {
	t.Helper()
	doc := &db.Interaction{ID: store.NewID()}
	events := make([]*store.Event, n)
	for i := range events {
		events[i] = &store.Event{ID: store.NewID(), Type: fmt.Sprint("event ", i), Entity: doc.ID, Data: eventData}
	}
	wantNoError(t, "Insert", s.Insert(t.Context(), db.Interactions.Collection, doc, events...))
}
