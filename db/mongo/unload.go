package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"crm/db/store"
)

// unload removes moved events from their documents, and deleted documents that have no events left.
func (s *Store) unload(ctx context.Context, pendingDocs []pendingDoc) error {
	for _, c := range s.collections {
		var updates, removals []driver.WriteModel
		for _, doc := range pendingDocs {
			if doc.layout.Collection == c {
				updates = append(updates, doc.updates()...)
				removals = append(removals, doc.removals()...)
			}
		}
		// The removals come after all updates: they check again that no event is left.
		for _, models := range [][]driver.WriteModel{updates, removals} {
			if err := s.bulkWrite(ctx, c, models); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) bulkWrite(ctx context.Context, c *store.Collection, models []driver.WriteModel) error {
	for some := range slices.Chunk(models, writesAtOnce) {
		if _, err := s.collection(c).BulkWrite(ctx, some); err != nil {
			return FromMongoError(ctx, c, err)
		}
	}
	return nil
}

// writesAtOnce is how many updates one command has at most. MongoDB takes many more, but FerretDB on SQLite opens a connection for each
// update that it keeps until the end of the command, and waits forever once there are a hundred.
const writesAtOnce = 50

// updates first removes the moved events and then, if none has been added meanwhile, the marker as well. Each step is
// atomic, and so is each step of a concurrent mover, so none of them can drop the marker of a pending event.
func (d *pendingDoc) updates() []driver.WriteModel {
	var models []driver.WriteModel
	if len(d.events) > 0 {
		models = append(models, driver.NewUpdateOneModel().
			SetFilter(bson.D{{Key: idField, Value: d.id}}).
			SetUpdate(bson.D{{Key: "$pullAll", Value: bson.D{{Key: pendingField, Value: d.events}}}}))
	}
	if d.deleted {
		return models
	}
	return append(models, driver.NewUpdateOneModel().
		SetFilter(append(d.empty(), bson.E{Key: deletedAtField, Value: nil})).
		SetUpdate(bson.D{{Key: "$unset", Value: bson.D{
			{Key: pendingField, Value: ""}, {Key: pendingAtField, Value: ""},
		}}}))
}

func (d *pendingDoc) removals() []driver.WriteModel {
	if !d.deleted {
		return nil
	}
	filter := append(d.empty(), bson.E{Key: deletedAtField, Value: bson.D{{Key: "$ne", Value: nil}}})
	return []driver.WriteModel{driver.NewDeleteOneModel().SetFilter(filter)}
}

// empty matches the document if no event is pending in it.
func (d *pendingDoc) empty() bson.D {
	return bson.D{
		{Key: idField, Value: d.id},
		{Key: pendingField + ".0", Value: bson.D{{Key: "$exists", Value: false}}},
	}
}
