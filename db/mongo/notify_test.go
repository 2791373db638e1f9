package mongo_test

import (
	"context"
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/drivertest"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/xoptions"

	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

// TestNotify checks that a store is notified of events that another store adds to the log of the same database. If the
// server has no change streams, the store must say so.
func TestNotify(t *testing.T) {
	t.Parallel()
	database := mongotest.Database(t)
	reader := mongotest.OpenOn(t, database, []*store.Collection{db.Interactions.Collection})
	writer := mongotest.OpenOn(t, database, []*store.Collection{db.Interactions.Collection})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	wakes, ended := make(chan struct{}, 16), make(chan error, 1)
	go func() { ended <- reader.Notify(ctx, func() { wakes <- struct{}{} }) }()
	select {
	case err := <-ended:
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("Notify: got %v, want %v", err, errors.ErrUnsupported)
		}
		t.Skipf("the server has no change streams: %v", err)
	case <-wakes:
	}
	insertWithEvents(t, writer, 3)
	_, err := writer.MoveEvents(t.Context(), 10)
	wantNoError(t, "MoveEvents", err)
	<-wakes
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Notify: got %v, want %v", err, context.Canceled)
	}
}

// Replies of a server to the commands of a change stream. A cursor with id 0 is closed.
func streamOpened() bson.D { return cursorReply(7, "firstBatch", 0) }

func streamBatch(id int64, events int) bson.D { return cursorReply(id, "nextBatch", events) }

func cursorReply(id int64, batch string, events int) bson.D {
	documents := bson.A{}
	for range events {
		documents = append(documents, bson.D{{Key: "_id", Value: bson.D{{Key: "_data", Value: store.NewID().String()}}}})
	}
	return bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{
		{Key: "id", Value: id}, {Key: "ns", Value: "crm.events"}, {Key: batch, Value: documents},
	}}}
}

func refusal(code int32, message string) bson.D {
	return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "errmsg", Value: message}}
}

// openMocked returns a store whose server answers each command with the next of the replies.
func openMocked(t *testing.T, replies ...bson.D) *mongo.Store {
	t.Helper()
	s, err := mongo.Open("mongodb://mocked", "crm", nil, func(o *options.ClientOptions) {
		err := xoptions.SetInternalClientOptions(o, "deployment", drivertest.NewMockDeployment(replies...))
		wantNoError(t, "SetInternalClientOptions", err)
	})
	wantNoError(t, "Open", err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestNotifyByChangeStream checks what needs a replica set, with a mocked one.
func TestNotifyByChangeStream(t *testing.T) {
	t.Parallel()
	standalone := refusal(40573, "The $changeStream stage is only supported on replica sets")
	cases := map[string]struct {
		replies     []bson.D
		wakes       int
		unsupported bool
	}{
		"nothing happens":                 {[]bson.D{streamOpened(), streamBatch(7, 0), streamBatch(0, 0)}, 1, false},
		"events, one by one":              {[]bson.D{streamOpened(), streamBatch(7, 1), streamBatch(7, 0), streamBatch(7, 1), streamBatch(0, 0)}, 3, false},
		"events, all at once":             {[]bson.D{streamOpened(), streamBatch(7, 50), streamBatch(0, 0)}, 2, false},
		"a stream that fails":             {[]bson.D{streamOpened(), refusal(286, "ChangeStreamHistoryLost")}, 1, false},
		"a standalone":                    {[]bson.D{standalone}, 0, true},
		"a server without change streams": {[]bson.D{refusal(40324, "Unrecognized pipeline stage name: '$changeStream'")}, 0, true},
		"a user without the right":        {[]bson.D{refusal(13, "not authorized")}, 0, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wakes := 0
			err := openMocked(t, c.replies...).Notify(t.Context(), func() { wakes++ })
			if err == nil || errors.Is(err, errors.ErrUnsupported) != c.unsupported {
				t.Errorf("got %v, want an error that says unsupported: %v", err, c.unsupported)
			}
			if wakes != c.wakes {
				t.Errorf("woken %d times, want %d", wakes, c.wakes)
			}
		})
	}
}

func TestNotifyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	err := openMocked(t, streamOpened(), streamBatch(7, 1)).Notify(ctx, stop)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
