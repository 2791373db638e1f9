package mongo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

// maxPasses bounds how often one call of MoveEvents looks for events after finding only events that had been moved
// already.
const maxPasses = 16

// MoveEvents implements store.Store. Wherever it is interrupted, the next call goes on from there: an event stays in
// its document until it is in the log, and the log refuses duplicates.
func (s *Store) MoveEvents(ctx context.Context, limit int) (int, error) {
	if limit <= 0 {
		return 0, nil
	}
	for range maxPasses {
		pendingDocs, err := s.pendingDocs(ctx, limit)
		if err != nil || len(pendingDocs) == 0 {
			return 0, err
		}
		moved, err := s.appendToLog(ctx, pendingDocs)
		if err == nil {
			err = s.unload(ctx, pendingDocs)
		}
		if err != nil || moved > 0 {
			return moved, err
		}
		// All of them had been moved by a mover that was then interrupted: there may be more after them.
	}
	return 0, nil
}

// pendingDocs returns the documents with the oldest pending events, with at most limit events in total.
func (s *Store) pendingDocs(ctx context.Context, limit int) ([]pendingDoc, error) {
	var found []pendingDoc
	for _, c := range s.collections {
		l, err := s.layout(c)
		if err != nil {
			return nil, err
		}
		if !l.takesEvents() {
			continue
		}
		pendingDocs, err := s.pendingDocsIn(ctx, l, limit)
		if err != nil {
			return nil, err
		}
		found = append(found, pendingDocs...)
	}
	slices.SortStableFunc(found, func(a, b pendingDoc) int {
		return cmp.Or(cmp.Compare(a.at, b.at), bytes.Compare(a.firstID(), b.firstID()))
	})
	for i := range found {
		if limit == 0 {
			return found[:i], nil
		}
		found[i].events = found[i].events[:min(len(found[i].events), limit)]
		limit -= len(found[i].events)
	}
	return found, nil
}

// appendToLog adds the events to the log and returns how many were new.
func (s *Store) appendToLog(ctx context.Context, pendingDocs []pendingDoc) (moved int, err error) {
	var events []bson.Raw
	for _, c := range pendingDocs {
		events = append(events, c.events...)
	}
	if len(events) == 0 {
		return 0, nil
	}
	seq, err := s.highestSeq(ctx)
	if err != nil {
		return 0, err
	}
	for len(events) > 0 {
		added, err := s.addNumbered(ctx, events, seq)
		moved += added
		events = events[added:]
		if err == nil {
			return moved, nil
		}
		if !driver.IsDuplicateKeyError(err) {
			return moved, FromMongoError(ctx, store.Events, err)
		}
		// Another mover has used the seq or moved the event itself, so the highest seq has changed.
		known, err := s.isInLog(ctx, events[0])
		if err != nil {
			return moved, err
		}
		if known {
			events = events[1:]
		}
		if seq, err = s.highestSeq(ctx); err != nil {
			return moved, err
		}
	}
	return moved, nil
}

// addNumbered adds events one after the other with the numbers after seq, until one is refused.
func (s *Store) addNumbered(ctx context.Context, events []bson.Raw, seq int64) (added int, err error) {
	numbered := make([]bson.D, len(events))
	for i, event := range events {
		elements, err := event.Elements()
		if err != nil {
			return 0, fmt.Errorf("cannot decode pending event: %w", err)
		}
		document := make(bson.D, 0, len(elements)+1)
		for _, element := range elements {
			document = append(document, bson.E{Key: element.Key(), Value: element.Value()})
		}
		numbered[i] = append(document, bson.E{Key: seqField, Value: seq + 1 + int64(i)})
	}
	_, err = s.collection(store.Events).InsertMany(ctx, numbered)
	var bulk driver.BulkWriteException
	if errors.As(err, &bulk) && len(bulk.WriteErrors) > 0 {
		return bulk.WriteErrors[0].Index, err
	}
	if err != nil {
		return 0, err
	}
	return len(events), nil
}

func (s *Store) isInLog(ctx context.Context, event bson.Raw) (bool, error) {
	n, err := s.collection(store.Events).CountDocuments(ctx, bson.D{{Key: idField, Value: event.Lookup(idField)}})
	return n > 0, FromMongoError(ctx, store.Events, err)
}

// highestSeq returns the highest number in the log, 0 if it is empty.
func (s *Store) highestSeq(ctx context.Context) (int64, error) {
	settings := options.FindOne().SetSort(bson.D{sortKey(seqField, true)}).SetProjection(bson.D{{Key: seqField, Value: 1}})
	row, err := s.collection(store.Events).FindOne(ctx, bson.D{}, settings).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return 0, nil
	}
	if err != nil {
		return 0, FromMongoError(ctx, store.Events, err)
	}
	seq, err := readInt(row.Lookup(seqField))
	if err != nil {
		return 0, fmt.Errorf("cannot decode %s %s: field %s: %w", store.Events.Name, row.Lookup(idField), seqField, err)
	}
	return int64(seq), nil
}
