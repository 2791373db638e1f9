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

// adapting is one call of adapt.
type adapting struct {
	*Store
	layout   *layout
	derive   store.Derive
	pending  []bson.Raw
	models   []driver.WriteModel
	findings []store.Finding
}

// adapt adds to the documents that match what they need. The oldest come first, so that the oldest of several accounts
// with one address keeps it.
func (s *Store) adapt(ctx context.Context, l *layout, filter bson.D, derive store.Derive) ([]store.Finding, error) {
	fields := append(l.projection[:len(l.projection):len(l.projection)], bson.E{Key: typedField, Value: 1})
	q := &query{
		layout: l, filter: all(filter, bson.D{{Key: deletedAtField, Value: nil}}), fields: fields,
		sort: bson.D{sortKey(idField, false)},
	}
	a := &adapting{Store: s, layout: l, derive: derive}
	err := s.find(ctx, q, func(row bson.Raw) error {
		if err := a.add(slices.Clone(row)); err != nil {
			return err
		}
		if len(a.models) < adaptBatch {
			return nil
		}
		return a.write(ctx)
	})
	if err == nil {
		err = a.write(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot adapt documents: %w", err)
	}
	return a.findings, nil
}

func (a *adapting) add(raw bson.Raw) error {
	needs, problem := a.layout.adaptionOf(raw, a.derive)
	if problem != nil || needs.copy != nil {
		a.layout.hasTyped.Store(true)
	}
	update, err := a.layout.changeOf(raw, needs, problem)
	if problem != nil {
		a.report(raw, store.Finding{Problem: problem.Error(), Kind: store.Unreadable, Known: update == nil})
	}
	for _, unknown := range needs.unknown {
		a.report(raw, store.Finding{Problem: unknown, Kind: store.UnknownValue, Known: update == nil})
	}
	if update == nil || err != nil {
		return err
	}
	a.pending = append(a.pending, raw)
	a.models = append(a.models, driver.NewUpdateOneModel().SetFilter(unchanged(raw)).SetUpdate(update.document()))
	return nil
}

func (a *adapting) report(raw bson.Raw, finding store.Finding) {
	finding.Collection, finding.ID = a.layout.Name, idText(raw.Lookup(idField))
	a.findings = append(a.findings, finding)
}

// sameValue describes a document with the unique value of another one.
func sameValue(d store.Derived) string { return "it has the same " + d.From + " as another" }

func idText(id bson.RawValue) string {
	if id, ok := id.ObjectIDOK(); ok {
		return id.Hex()
	}
	return id.String()
}

// unchanged matches the document unless this program or the old one has changed it since it was read.
func unchanged(raw bson.Raw) bson.D {
	filter := bson.D{}
	for _, field := range []string{idField, "version", "updated_at"} {
		value := raw.Lookup(field)
		if value.IsZero() {
			value = bson.RawValue{Type: bson.TypeNull}
		}
		filter = append(filter, bson.E{Key: field, Value: value})
	}
	return filter
}

// write sends the updates. If any of them violates a unique index, they are tried again one by one, since not all
// servers tell which one it was.
func (a *adapting) write(ctx context.Context) error {
	if len(a.models) == 0 {
		return nil
	}
	c := a.layout.Collection
	_, err := a.collection(c).BulkWrite(ctx, a.models, options.BulkWrite().SetOrdered(false))
	if driver.IsDuplicateKeyError(err) {
		err = nil
		for i := 0; i < len(a.pending) && err == nil; i++ {
			if _, err = a.collection(c).BulkWrite(ctx, a.models[i:i+1]); driver.IsDuplicateKeyError(err) {
				err = a.resolve(ctx, a.pending[i])
			}
		}
	}
	a.models, a.pending = nil, nil
	return FromMongoError(ctx, c, err)
}

// resolve adapts a document with a unique derived value that another document has: if it is out of date there, that
// one loses it; else this one gets a second key.
func (a *adapting) resolve(ctx context.Context, raw bson.Raw) error {
	needs, problem := a.layout.adaptionOf(raw, a.derive)
	for _, d := range a.layout.Derived {
		i := slices.IndexFunc(needs.added, func(e bson.E) bool { return e.Key == d.Field })
		if !d.Unique || i < 0 {
			continue
		}
		key, _ := needs.added[i].Value.(string)
		holder, err := a.free(ctx, d, key)
		if err != nil {
			return err
		}
		if holder == "" {
			continue
		}
		id, _ := raw.Lookup(idField).ObjectIDOK()
		a.report(raw, store.Finding{Kind: store.SecondDocument, Problem: sameValue(d), Other: holder})
		for _, fields := range []bson.D{needs.added, needs.copy} {
			for i := range fields {
				if fields[i].Key == d.Field {
					fields[i].Value = store.SecondKey(key, store.ID(id))
				}
			}
		}
	}
	update, err := a.layout.changeOf(raw, needs, problem)
	if update == nil || err != nil {
		return err
	}
	_, err = a.collection(a.layout.Collection).UpdateOne(ctx, unchanged(raw), update.document())
	return FromMongoError(ctx, a.layout.Collection, err)
}

// free takes a unique derived value away from the document that has it, if it is out of date there. Else it returns the
// id of that document.
func (a *adapting) free(ctx context.Context, d store.Derived, key string) (holder string, err error) {
	l := a.layout
	raw, err := a.collection(l.Collection).FindOne(ctx, bson.D{{Key: d.Field, Value: key}}).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return "", nil
	}
	if err != nil {
		return "", FromMongoError(ctx, l.Collection, err)
	}
	id := raw.Lookup(idField)
	if l.derive(raw, d, key, a.derive) == key {
		return idText(id), nil
	}
	objectID, _ := id.ObjectIDOK()
	second := store.SecondKey("", store.ID(objectID)) // until it is brought up to date itself
	_, err = a.collection(l.Collection).UpdateOne(ctx, bson.D{{Key: idField, Value: id}, {Key: d.Field, Value: key}},
		bson.D{{Key: "$set", Value: bson.D{{Key: d.Field, Value: second}}}})
	return "", FromMongoError(ctx, l.Collection, err)
}
