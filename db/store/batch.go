package store

import "context"

// Writer is the part of Store that a batch consists of.
type Writer interface {
	Insert(ctx context.Context, c *Collection, doc Document, events ...*Event) error
	Update(ctx context.Context, c *Collection, id ID, where Filter, set []Assignment, events ...*Event) error
	Delete(ctx context.Context, c *Collection, id ID, where Filter, events ...*Event) error
}

// Batcher is a Store for which many writes at once cost less than each alone.
type Batcher interface {
	Store
	// Batch makes the writes of a function; see the function Batch.
	Batch(ctx context.Context, writes func(w Writer) error) error
}

// Batch makes the writes of a function at once if the store can do that, or else one after the other. Each write is as it would
// be alone: one that is a CONFLICT or NOT_FOUND writes nothing and doesn't keep the others from being written.
//
// The function must return any other error, after which it is open which of the writes were made. It may be called again, for
// all of the writes, and must use nothing of the store but w, and not block.
func Batch(ctx context.Context, s Store, writes func(w Writer) error) error {
	if b, ok := s.(Batcher); ok {
		return b.Batch(ctx, writes)
	}
	return writes(s)
}
