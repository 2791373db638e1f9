package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"crm/db/store"
)

// unload takes moved events out of their documents and removes documents that were only waiting for that.
func (s *Store) unload(ctx context.Context, carriers []carrier) error {
	for _, c := range s.collections {
		var updates, removals []driver.WriteModel
		for _, carrier := range carriers {
			if carrier.layout.Collection == c {
				updates = append(updates, carrier.updates()...)
				removals = append(removals, carrier.removals()...)
			}
		}
		// The removals come after all updates have been done: they check again that no event is left.
		for _, models := range [][]driver.WriteModel{updates, removals} {
			if err := s.bulkWrite(ctx, c, models); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) bulkWrite(ctx context.Context, c *store.Collection, models []driver.WriteModel) error {
	if len(models) == 0 {
		return nil
	}
	_, err := s.collection(c).BulkWrite(ctx, models)
	return FromMongoError(ctx, c, err)
}

// updates first takes the moved events away and then, if none has come meanwhile, the marker as well. Each is atomic by
// itself, and so is each step of a concurrent mover, so none of them can drop the marker of a waiting event.
func (c *carrier) updates() []driver.WriteModel {
	var models []driver.WriteModel
	if len(c.events) > 0 {
		models = append(models, driver.NewUpdateOneModel().
			SetFilter(bson.D{{Key: idField, Value: c.id}}).
			SetUpdate(bson.D{{Key: "$pullAll", Value: bson.D{{Key: pendingField, Value: c.events}}}}))
	}
	if c.deleted {
		return models
	}
	return append(models, driver.NewUpdateOneModel().
		SetFilter(append(c.empty(), bson.E{Key: deletedAtField, Value: nil})).
		SetUpdate(bson.D{{Key: "$unset", Value: bson.D{
			{Key: pendingField, Value: ""}, {Key: pendingAtField, Value: ""},
		}}}))
}

func (c *carrier) removals() []driver.WriteModel {
	if !c.deleted {
		return nil
	}
	filter := append(c.empty(), bson.E{Key: deletedAtField, Value: bson.D{{Key: "$ne", Value: nil}}})
	return []driver.WriteModel{driver.NewDeleteOneModel().SetFilter(filter)}
}

// empty matches the document if no event is pending in it.
func (c *carrier) empty() bson.D {
	return bson.D{
		{Key: idField, Value: c.id},
		{Key: pendingField + ".0", Value: bson.D{{Key: "$exists", Value: false}}},
	}
}
