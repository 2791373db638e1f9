package mongo

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

var _ store.Adapter = (*Store)(nil)

// adaptBatch is how many documents are changed by one command.
const adaptBatch = writesAtOnce

// Adapt implements store.Adapter. The server selects the documents that lack fields or have values of other types.
func (s *Store) Adapt(ctx context.Context, c *store.Collection, where store.Filter, derive store.Derive) ([]store.Finding, error) {
	l, filter, err := s.adaptable(ctx, c, where)
	if err != nil || l.typed == nil {
		return nil, err
	}
	ctx, cancel := withIndexTimeout(ctx)
	defer cancel()
	if err := s.findTyped(ctx, l); err != nil {
		return nil, err
	}
	return s.adapt(ctx, l, all(filter, l.unusable()), derive)
}

// Rederive implements store.Adapter. Derived fields are compared here.
func (s *Store) Rederive(ctx context.Context, c *store.Collection, where store.Filter, derive store.Derive) ([]store.Finding, error) {
	l, filter, err := s.adaptable(ctx, c, where)
	if err != nil || l.typed == nil {
		return nil, err
	}
	ctx, cancel := withIndexTimeout(ctx)
	defer cancel()
	stale, seconds, err := s.stale(ctx, l, filter, derive)
	if err != nil {
		return nil, err
	}
	var findings []store.Finding
	for ids := range slices.Chunk(stale, adaptBatch) {
		more, err := s.adapt(ctx, l, bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: ids}}}}, derive)
		if err != nil {
			return nil, err
		}
		findings = append(findings, more...)
	}
	return append(findings, seconds...), nil
}

// adaptable returns the layout of a collection, and the filter in MongoDB's terms.
func (s *Store) adaptable(ctx context.Context, c *store.Collection, where store.Filter) (*layout, bson.D, error) {
	l, err := s.layout(c)
	if err != nil {
		return nil, nil, err
	}
	filter, err := s.where(ctx, l, where)
	return l, filter, err
}

// findTyped notes whether there are typed copies, which another server may have made.
func (s *Store) findTyped(ctx context.Context, l *layout) error {
	if l.hasTyped.Load() {
		return nil
	}
	err := s.collection(l.Collection).FindOne(ctx, bson.D{{Key: l.typed.path(idField), Value: bson.D{{Key: "$exists", Value: true}}}},
		options.FindOne().SetProjection(bson.D{{Key: idField, Value: 1}})).Err()
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil
	}
	l.hasTyped.Store(err == nil)
	return FromMongoError(ctx, l.Collection, err)
}

// stale returns the ids of the documents with derived fields that are out of date, and the documents that have been
// given a second key before.
func (s *Store) stale(ctx context.Context, l *layout, filter bson.D, derive store.Derive) (ids bson.A, seconds []store.Finding, err error) {
	if len(l.Derived) == 0 {
		return nil, nil, nil
	}
	fields := store.Fields(1)
	for _, d := range l.Derived {
		fields |= l.Select(d.Field, d.From)
	}
	readable := bson.D{{Key: deletedAtField, Value: nil}, {Key: typedField + "." + problemField, Value: nil}}
	q := &query{layout: l, filter: all(filter, readable), fields: l.projectionOf(fields)}
	err = s.find(ctx, q, func(row bson.Raw) error {
		var a adaption
		if a.addDerived(l, row, derive); len(a.added) > 0 {
			ids = append(ids, copyOf(row.Lookup(idField)))
		}
		for _, d := range l.Derived {
			key, _ := row.Lookup(d.Field).StringValueOK()
			if text, second, found := strings.Cut(key, "\x00"); d.Unique && found && text != "" {
				seconds = append(seconds, store.Finding{
					Collection: l.Name, ID: second, Kind: store.SecondDocument, Problem: sameValue(d), Known: true,
				})
			}
		}
		return nil
	})
	return ids, seconds, err
}

// unusable matches the documents of other programs that lack fields, have values of other types, or got a typed copy
// for that reason.
func (l *layout) unusable() bson.D {
	conditions := bson.A{
		bson.D{{Key: typedField, Value: bson.D{{Key: "$exists", Value: true}}}},
		bson.D{{Key: idField, Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$type", Value: "objectId"}}}}}},
	}
	for _, f := range l.Fields[1:] {
		if needsValue(f) || l.isDerived(f.Name) && !f.Nullable {
			conditions = append(conditions, bson.D{{Key: f.Name, Value: bson.D{{Key: "$exists", Value: false}}}})
		}
		for _, condition := range unusableValues(f) {
			conditions = append(conditions, bson.D{{Key: f.Name, Value: condition}})
		}
	}
	for _, group := range l.Required {
		var empty bson.D
		for _, field := range group {
			empty = append(empty, bson.E{Key: field, Value: bson.D{{Key: "$in", Value: bson.A{nil, ""}}}})
		}
		conditions = append(conditions, empty)
	}
	return bson.D{{Key: "$or", Value: conditions}}
}

// typeNames are the BSON types of each type.
var typeNames = map[store.Type]bson.A{
	store.TypeID: {"objectId"}, store.TypeString: {"string"}, store.TypeTime: {"date"},
	store.TypeInt: {"int", "long", "double"}, store.TypeBool: {"bool"},
}

// unusableValues are the conditions on values that a field has only if another program stored them.
func unusableValues(f store.Field) []bson.D {
	exists := bson.E{Key: "$exists", Value: true}
	if f.Values != nil {
		allowed := bson.A{}
		for _, value := range f.Values {
			if n, err := strconv.Atoi(value.Text); err == nil && f.Type == store.TypeInt {
				allowed = append(allowed, n)
			} else {
				allowed = append(allowed, value.Text)
			}
		}
		return []bson.D{{exists, {Key: "$nin", Value: allowed}}}
	}
	types := typeNames[f.Type]
	if f.Nullable || isPlainText(f) {
		types = append(types[:len(types):len(types)], "null")
	}
	conditions := []bson.D{{exists, {Key: "$not", Value: bson.D{{Key: "$type", Value: types}}}}}
	if f.Type == store.TypeTime {
		conditions = append(conditions,
			bson.D{{Key: "$lt", Value: bson.NewDateTimeFromTime(firstDate)}},
			bson.D{{Key: "$gt", Value: bson.NewDateTimeFromTime(lastDate)}})
	}
	return conditions
}
