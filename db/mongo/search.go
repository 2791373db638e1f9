package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

// This file searches for substrings: each of a collection's Searched fields is accompanied by an indexed array of all
// its sequences of three characters, and a text is searched for in the documents that have all its sequences.

// trigramsOf names the field with the sequences of a searched field.
func trigramsOf(field string) string { return field + "_trigrams" }

// trigrams returns the distinct sequences of three characters in a text.
func trigrams(text string) bson.A {
	runes := []rune(text)
	found := bson.A{}
	seen := make(map[string]bool, len(runes))
	for i := range len(runes) - store.MinSearch + 1 {
		trigram := string(runes[i : i+store.MinSearch])
		if !seen[trigram] {
			seen[trigram] = true
			found = append(found, trigram)
		}
	}
	return found
}

// withTrigrams appends a field's sequences to the stored fields, if it is a searched field.
func (l *layout) withTrigrams(fields bson.D, name string, value any) bson.D {
	text, ok := value.(string)
	if !ok || !slices.Contains(l.Searched, name) {
		return fields
	}
	return append(fields, bson.E{Key: trigramsOf(name), Value: trigrams(text)})
}

// maxTrigrams is the maximum number of sequences to search for; more would hardly exclude any documents.
const maxTrigrams = 32

// contains returns the condition that a field contains a text. The sequences may be in another order, so the text is
// compared, too.
func (l *layout) contains(f store.Filter) (bson.D, error) {
	text, ok := f.Value.(string)
	if !ok {
		return nil, fmt.Errorf("cannot filter by %s.%s: cannot search for a %T, only for a text", l.Name, f.Field, f.Value)
	}
	// Typed copies, which are few, have no sequences, and their layout isn't searchable.
	condition := bson.D{{Key: l.path(f.Field), Value: match(f.Op, text)}}
	if l.searchable.Load() && slices.Contains(l.Searched, f.Field) && utf8.RuneCountInString(text) >= store.MinSearch {
		wanted := trigrams(text)
		wanted = wanted[:min(len(wanted), maxTrigrams)]
		condition = append(condition, bson.E{Key: trigramsOf(f.Field), Value: bson.D{{Key: "$all", Value: wanted}}})
	}
	return condition, nil
}

// unsearchable matches documents that lack a field's sequences because other programs wrote them.
func unsearchable(field string) bson.D {
	return bson.D{
		{Key: trigramsOf(field), Value: bson.D{{Key: "$exists", Value: false}}},
		{Key: field, Value: bson.D{{Key: "$type", Value: "string"}}},
	}
}

// lacksTrigrams reports whether there is such a document.
func (s *Store) lacksTrigrams(ctx context.Context, c *store.Collection, field string) (bool, error) {
	err := s.collection(c).FindOne(ctx, unsearchable(field), options.FindOne().SetProjection(bson.D{{Key: idField, Value: 1}})).Err()
	if errors.Is(err, driver.ErrNoDocuments) {
		return false, nil
	}
	return err == nil, FromMongoError(ctx, c, err)
}

// makeSearchable adds missing sequences. Concurrent updates of a document write its sequences themselves.
func (s *Store) makeSearchable(ctx context.Context, l *layout) error {
	for _, field := range l.Searched {
		for {
			filled, err := s.fillTrigrams(ctx, l, field)
			if err != nil {
				return fmt.Errorf("cannot make %s.%s searchable: %w", l.Name, field, err)
			}
			if filled == 0 {
				break
			}
		}
	}
	l.searchable.Store(true)
	return nil
}

// fillTrigrams adds the sequences to some documents and returns their number.
func (s *Store) fillTrigrams(ctx context.Context, l *layout, field string) (int, error) {
	const batch = 1000
	only := &layout{Collection: l.Collection, projection: bson.D{{Key: idField, Value: 1}, {Key: field, Value: 1}}}
	var models []driver.WriteModel
	err := s.find(ctx, &query{layout: only, filter: unsearchable(field), limit: batch}, func(row bson.Raw) error {
		text := row.Lookup(field).StringValue()
		models = append(models, driver.NewUpdateOneModel().
			SetFilter(bson.D{{Key: idField, Value: copyOf(row.Lookup(idField))}, {Key: field, Value: text}}).
			SetUpdate(bson.D{{Key: "$set", Value: bson.D{{Key: trigramsOf(field), Value: trigrams(text)}}}}))
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(models), s.bulkWrite(ctx, l.Collection, models)
}
