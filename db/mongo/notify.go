package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

var _ store.Notifier = (*Store)(nil)

// notificationWait is how long the server may hold back a reply while nothing happens. It is shorter than
// operationTimeout, after which the driver would consider the server lost.
const notificationWait = operationTimeout / 2

// errStreamEnded says that the server has closed a change stream, as it does when the collection is dropped.
var errStreamEnded = errors.New("the change stream has ended")

// Notify implements store.Notifier by a change stream on the log, which replica sets and sharded clusters support. It
// delivers events once a majority has them, as a find in the log does.
func (s *Store) Notify(ctx context.Context, wake func()) error {
	stream, err := s.collection(store.Events).Watch(ctx, additions(), options.ChangeStream().SetMaxAwaitTime(notificationWait))
	if err != nil {
		return notificationError(ctx, err)
	}
	defer func() { _ = stream.Close(context.WithoutCancel(ctx)) }()
	wake()
	for {
		if stream.TryNext(ctx) {
			for stream.RemainingBatchLength() > 0 && stream.TryNext(ctx) { // one call of wake covers the whole batch
				continue
			}
			wake()
			continue
		}
		if err := stream.Err(); err != nil {
			return notificationError(ctx, err)
		}
		if stream.ID() == 0 {
			return notificationError(ctx, errStreamEnded)
		}
	}
}

// additions makes a change stream report that events were added, without their fields.
func additions() bson.A {
	return bson.A{
		bson.D{{Key: "$match", Value: bson.D{{Key: "operationType", Value: "insert"}}}},
		bson.D{{Key: "$project", Value: bson.D{{Key: idField, Value: 1}}}},
	}
}

// noStreamCodes are further error codes that mean no change stream: a standalone has none, and a user may lack the
// right to one.
var noStreamCodes = []int{13, 40573}

func notificationError(ctx context.Context, err error) error {
	var server driver.ServerError
	if isUnsupported(err) || (errors.As(err, &server) && slices.ContainsFunc(noStreamCodes, server.HasErrorCode)) {
		return fmt.Errorf("%w: change streams: %w", errors.ErrUnsupported, err)
	}
	return FromMongoError(ctx, store.Events, err)
}
