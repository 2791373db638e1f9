package mongo

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

// This file is how texts are found within others: beside each of a collection's Searched fields stands an array of all
// sequences of three characters in it, with an index, and a text is looked for where all of its sequences are.

// trigramsOf names the field with the sequences of a searched field.
func trigramsOf(field string) string { return field + "_trigrams" }

// trigrams returns all sequences of three characters in a text, each once.
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

// withTrigrams appends the sequences of a field, if it is a searched one, to what is stored of it.
func (l *layout) withTrigrams(fields bson.D, name string, value any) bson.D {
	text, ok := value.(string)
	if !ok || !slices.Contains(l.Searched, name) {
		return fields
	}
	return append(fields, bson.E{Key: trigramsOf(name), Value: trigrams(text)})
}

// maxSought is by how many sequences of a text documents are found; more would hardly rule out any.
const maxSought = 32

// contains is the condition that a field has a text in it. The sequences only find the documents: they may be in another
// order, so the text is compared, too.
func (l *layout) contains(f store.Filter) (bson.D, error) {
	text, ok := f.Value.(string)
	if !ok {
		return nil, fmt.Errorf("cannot filter by %s.%s: there is no text to look for, but a %T", l.Name, f.Field, f.Value)
	}
	condition := bson.D{{Key: f.Field, Value: match(f.Op, text)}}
	if l.searchable.Load() && slices.Contains(l.Searched, f.Field) && utf8.RuneCountInString(text) >= store.MinSearch {
		sought := trigrams(text)
		sought = sought[:min(len(sought), maxSought)]
		condition = append(condition, bson.E{Key: trigramsOf(f.Field), Value: bson.D{{Key: "$all", Value: sought}}})
	}
	return condition, nil
}

// unsearchable matches documents that lack the sequences of a field: other programs wrote them.
func unsearchable(field string) bson.D {
	return bson.D{
		{Key: trigramsOf(field), Value: bson.D{{Key: "$exists", Value: false}}},
		{Key: field, Value: bson.D{{Key: "$type", Value: "string"}}},
	}
}

// lacksTrigrams says whether there is such a document.
func (s *Store) lacksTrigrams(ctx context.Context, c *store.Collection, field string) (bool, error) {
	err := s.collection(c).FindOne(ctx, unsearchable(field), options.FindOne().SetProjection(bson.D{{Key: idField, Value: 1}})).Err()
	if err == driver.ErrNoDocuments { //nolint:errorlint // the driver never wraps it
		return false, nil
	}
	return err == nil, FromMongoError(ctx, c, err)
}

// makeSearchable gives the documents the sequences that they lack. Who changes a document meanwhile writes its own.
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

// fillTrigrams fills in some documents and returns how many.
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
