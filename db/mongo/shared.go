package mongo

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// maxReads is how often a query on a shared collection is run: again when a row was found that another program has
// written since it was adapted.
const maxReads = 3

// rows are those of a query, and the ids of documents that have to be adapted first.
type rows struct {
	layout   *layout
	found    []bson.Raw
	unusable bson.A
}

func (r *rows) add(row bson.Raw) error {
	if r.layout.isUsable(row) {
		r.found = append(r.found, slices.Clone(row))
	} else {
		r.unusable = append(r.unusable, copyOf(row.Lookup(idField)))
	}
	return nil
}

// findShared is Find for a shared collection.
func (s *Store) findShared(ctx context.Context, l *layout, q store.Query, next func() store.Document) error {
	found, err := s.readShared(ctx, l, q, func(v *layout, add func(bson.Raw) error) error {
		translated, err := s.query(ctx, v, q)
		if err != nil {
			return err
		}
		return s.find(ctx, translated, add)
	})
	if err != nil {
		return err
	}
	if q.Limit > 0 {
		found = found[:min(len(found), q.Limit)]
	}
	d := decoder{layout: l, fields: q.Fields}
	for _, row := range found {
		if err := d.decode(row, next()); err != nil {
			return err
		}
	}
	return nil
}

// findSharedChildren is FindChildren for a shared collection.
func (s *Store) findSharedChildren(
	ctx context.Context, l *layout, parent string, parents []store.ID, q store.Query, next func(store.ID) store.Document,
) error {
	found, err := s.readShared(ctx, l, q, func(v *layout, add func(bson.Raw) error) error {
		children, err := s.childrenQuery(ctx, v, parent, parents, q)
		if err != nil {
			return err
		}
		return s.runChildren(ctx, children, add)
	})
	if err != nil {
		return err
	}
	children := newDecodedChildren(l, parent, q, next)
	for _, row := range found {
		if err := children.add(row); err != nil {
			return err
		}
	}
	return nil
}

// readShared returns the rows that read finds in each variant of a collection, in the query's order. If a row isn't
// what it was found by, because another program has written it, it is adapted and the query run again.
func (s *Store) readShared(
	ctx context.Context, l *layout, q store.Query, read func(v *layout, add func(bson.Raw) error) error,
) ([]bson.Raw, error) {
	for reads := 1; ; reads++ {
		variants := l.variants()
		all := rows{layout: l}
		for _, v := range variants {
			if err := read(v, all.add); err != nil {
				return nil, err
			}
		}
		if len(variants) > 1 && len(q.Sort) > 0 {
			slices.SortStableFunc(all.found, func(a, b bson.Raw) int { return compareRows(a, b, q.Sort) })
		}
		if len(all.unusable) == 0 || reads == maxReads {
			return all.found, nil
		}
		filter := bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: all.unusable}}}}
		if _, err := s.adapt(ctx, l, filter, nil); err != nil {
			return nil, err
		}
	}
}

// compareRows compares rows of the same types by the keys of an order.
func compareRows(a, b bson.Raw, order []store.Sort) int {
	for _, key := range order {
		result := compareValues(a.Lookup(key.Field), b.Lookup(key.Field))
		if key.Desc {
			result = -result
		}
		if result != 0 {
			return result
		}
	}
	return 0
}

// compareValues compares values as MongoDB does, where null and absent come first.
func compareValues(a, b bson.RawValue) int {
	switch {
	case isNull(a) || isNull(b):
		return cmp.Compare(boolInt(!isNull(a)), boolInt(!isNull(b)))
	case a.IsNumber() && b.IsNumber():
		x, _ := readInt(a)
		y, _ := readInt(b)
		return cmp.Compare(x, y)
	case a.Type == bson.TypeDateTime && b.Type == bson.TypeDateTime:
		return cmp.Compare(a.DateTime(), b.DateTime())
	case a.Type == bson.TypeString && b.Type == bson.TypeString:
		return cmp.Compare(a.StringValue(), b.StringValue())
	}
	return bytes.Compare(a.Value, b.Value) // ids, and false before true
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
