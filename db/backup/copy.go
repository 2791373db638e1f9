package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"crm/db/store"
)

// Copy makes collections of a store those of another one, and returns how many documents they have. It may be interrupted and called
// again: what is there and equal stays. Events that are still pending are moved into the log first.
func Copy(ctx context.Context, from, to store.Store, collections []*store.Collection, progress func(documents int)) (int, error) {
	if err := moveEvents(ctx, from); err != nil {
		return 0, err
	}
	c := copying{from: from, to: to, progress: progress}
	for _, collection := range collections {
		if err := c.collection(ctx, collection); err != nil {
			return c.done, fmt.Errorf("cannot copy %s: %w", collection.Name, err)
		}
	}
	return c.done, nil
}

type copying struct {
	from, to store.Store
	progress func(documents int)
	done     int
}

// collection first removes what differs, so that no document keeps a unique value that another one has now, and then adds what is
// missing.
func (c *copying) collection(ctx context.Context, collection *store.Collection) error {
	kept := 0
	err := store.EachPage(ctx, c.to, collection, 0, func(page []*store.Record) error {
		n, err := c.prune(ctx, collection, page)
		kept += n
		return err
	})
	if err != nil {
		return err
	}
	return store.EachPage(ctx, c.from, collection, 0, func(page []*store.Record) error {
		missing, err := page, error(nil)
		if kept > 0 {
			missing, err = c.missing(ctx, collection, page)
		}
		if err != nil {
			return err
		}
		docs := make([]store.Document, len(missing))
		for i, doc := range missing {
			docs[i] = doc
		}
		if err := store.Load(ctx, c.to, collection, docs); err != nil {
			return err
		}
		c.done += len(page)
		c.progress(c.done)
		return nil
	})
}

// prune removes those of a page of documents that the other store doesn't have, or has otherwise, and returns how many it keeps.
func (c *copying) prune(ctx context.Context, collection *store.Collection, page []*store.Record) (kept int, err error) {
	wanted, err := read(ctx, c.from, collection, page, 0)
	if err != nil {
		return 0, err
	}
	var differing []store.ID
	for _, doc := range page {
		id := idOf(doc)
		same := wanted[id] != nil
		if same {
			if same, err = equal(doc, wanted[id]); err != nil {
				return kept, err
			}
		}
		if same {
			kept++
		} else {
			differing = append(differing, id)
		}
	}
	if len(differing) > 0 {
		_, err = c.to.Purge(ctx, collection, store.In("_id", differing), len(differing))
	}
	return kept, err
}

// missing returns those of a page of documents whose ids the other store doesn't have.
func (c *copying) missing(ctx context.Context, collection *store.Collection, page []*store.Record) ([]*store.Record, error) {
	there, err := read(ctx, c.to, collection, page, collection.Select("_id"))
	var missing []*store.Record
	for _, doc := range page {
		if there[idOf(doc)] == nil {
			missing = append(missing, doc)
		}
	}
	return missing, err
}

// read reads these fields of the documents with the ids of a page.
func read(
	ctx context.Context, from store.Finder, c *store.Collection, page []*store.Record, fields store.Fields,
) (map[store.ID]*store.Record, error) {
	if len(page) == 0 {
		return nil, nil //nolint:nilnil // nothing is found
	}
	ids := make([]store.ID, len(page))
	for i, doc := range page {
		ids[i] = idOf(doc)
	}
	var found []*store.Record
	err := from.Find(ctx, c, store.Query{Where: store.In("_id", ids), Fields: fields}, func() store.Document {
		found = append(found, store.NewRecord(c))
		return found[len(found)-1]
	})
	byID := make(map[store.ID]*store.Record, len(found))
	for _, doc := range found {
		byID[idOf(doc)] = doc
	}
	return byID, err
}

func idOf(doc *store.Record) store.ID {
	id, _ := doc.Value(0).(store.ID)
	return id
}

func equal(a, b *store.Record) (bool, error) {
	first, err := encode(a)
	if err != nil {
		return false, err
	}
	second, err := encode(b)
	return bytes.Equal(first, second), err
}

// Sum says what a collection contains: equal sums mean equal documents.
type Sum struct {
	Documents int
	SHA256    string
}

// Sums returns the sums of collections, by their names.
func Sums(ctx context.Context, f store.Finder, collections []*store.Collection) (map[string]Sum, error) {
	sums := make(map[string]Sum, len(collections))
	for _, c := range collections {
		digest, documents := sha256.New(), 0
		err := store.EachPage(ctx, f, c, 0, func(page []*store.Record) error {
			for _, doc := range page {
				text, err := encode(doc)
				if err != nil {
					return err
				}
				_, _ = digest.Write(append(text, '\n')) // a hash never fails
				documents++
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", c.Name, err)
		}
		sums[c.Name] = Sum{Documents: documents, SHA256: hex.EncodeToString(digest.Sum(nil))}
	}
	return sums, nil
}
