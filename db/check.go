package db

import (
	"context"
	"fmt"
	"time"

	"crm/db/entity"
	"crm/db/eventlog"
	"crm/db/store"
)

// Check reads all documents and the log, and reports what is wrong with them in words: references to documents that don't exist,
// and gaps in the part of the log that is kept whatever happens.
func (d *DB) Check(ctx context.Context, report func(flaw string) error) error {
	for _, def := range catalog.All() {
		for _, reference := range def.References {
			if reference.OnDelete == entity.Keep {
				continue
			}
			if err := d.checkReference(ctx, def, reference, report); err != nil {
				return fmt.Errorf("cannot check %s: %w", def.Name, err)
			}
		}
	}
	if err := d.checkFiles(ctx, report); err != nil {
		return fmt.Errorf("cannot check the files: %w", err)
	}
	return d.checkLog(ctx, report)
}

// checkReference reports the documents whose reference leads to no document. A document whose owner was deleted after it was read
// has gone, too, or refers to nobody: it is looked up once more.
func (d *DB) checkReference(ctx context.Context, def *entity.Definition, r entity.Reference, report func(string) error) error {
	owner, field := catalog.ByType(r.Owner), def.FieldIndex(r.Field)
	return store.EachPage(ctx, d.store, def.Collection, def.Select(r.Field), func(page []*store.Record) error {
		missing, err := d.missingOwners(ctx, owner, field, page)
		if err != nil || len(missing) == 0 {
			return err
		}
		for _, doc := range page {
			id, refers := doc.Value(field).(store.ID)
			if !refers || !missing[id] {
				continue
			}
			own, _ := doc.Value(0).(store.ID)
			still, err := d.store.Count(ctx, def.Collection, store.And(store.Eq("_id", own), store.Eq(r.Field, id)))
			if err != nil {
				return err
			}
			if still == 0 {
				continue
			}
			if err := report(fmt.Sprintf("%s: its %s %s doesn't exist", idOf(def, own), owner.Noun, idOf(owner, id))); err != nil {
				return err
			}
		}
		return nil
	})
}

// missingOwners returns the owners that documents refer to and that don't exist.
func (d *DB) missingOwners(ctx context.Context, owner *entity.Definition, field int, page []*store.Record) (map[store.ID]bool, error) {
	missing := make(map[store.ID]bool)
	for _, doc := range page {
		if id, ok := doc.Value(field).(store.ID); ok && !id.IsZero() {
			missing[id] = true
		}
	}
	ids := make([]store.ID, 0, len(missing))
	for id := range missing {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return missing, nil
	}
	var found []*store.Record
	q := store.Query{Where: store.In("_id", ids), Fields: owner.Select("_id")}
	err := d.store.Find(ctx, owner.Collection, q, func() store.Document {
		found = append(found, store.NewRecord(owner.Collection))
		return found[len(found)-1]
	})
	for _, doc := range found {
		id, _ := doc.Value(0).(store.ID)
		delete(missing, id)
	}
	return missing, err
}

// idOf returns a document's id as clients see it, if they do.
func idOf(def *entity.Definition, id store.ID) string {
	if def.Kind == "" {
		return def.Noun + " " + id.String()
	}
	return def.Noun + " " + def.Kind.GlobalID(id)
}

// checkLog reports gaps between events that are too young to be removed; see eventlog.ResumeWindow.
func (d *DB) checkLog(ctx context.Context, report func(string) error) error {
	young := d.now().Add(-eventlog.ResumeWindow)
	var at int
	var since time.Time
	for {
		events, err := d.Log.Find(ctx, store.Filter{}, at, store.RecordsPerPage, store.Events.Select("seq", "at"))
		if err != nil {
			return err
		}
		for _, event := range events {
			if at > 0 && event.Seq != at+1 && since.After(young) {
				if err := report(fmt.Sprintf("events are missing in the log between seq %d and %d", at, event.Seq)); err != nil {
					return err
				}
			}
			at, since = event.Seq, event.At
		}
		if len(events) < store.RecordsPerPage {
			return nil
		}
	}
}
