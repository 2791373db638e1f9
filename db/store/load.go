package store

import "context"

// Loader is a Store that inserts many documents at once for less than each alone costs.
type Loader interface {
	Store
	// Load inserts documents; see the function Load.
	Load(ctx context.Context, c *Collection, docs []Document) error
}

// Load inserts documents without events, at once if the store can do that. After an error, which is a CONFLICT if one of them is, it
// is open which were inserted.
func Load(ctx context.Context, s Store, c *Collection, docs []Document) error {
	if l, ok := s.(Loader); ok {
		return l.Load(ctx, c, docs)
	}
	return Batch(ctx, s, func(w Writer) error {
		for _, doc := range docs {
			if err := w.Insert(ctx, c, doc); err != nil {
				return err
			}
		}
		return nil
	})
}
