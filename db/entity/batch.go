package entity

// batch allocates documents that are read and released together.
type batch[T any] struct {
	free []T
	size int
}

// maxBatch is how many documents are allocated at once at most: any of them keeps the others in memory.
const maxBatch = 64

// next returns a new document.
func (b *batch[T]) next() *T {
	if len(b.free) == 0 {
		b.size = min(max(1, 2*b.size), maxBatch)
		b.free = make([]T, b.size)
	}
	doc := &b.free[0]
	b.free = b.free[1:]
	return doc
}
