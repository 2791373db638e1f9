// Package cache keeps answers of the embedded engine in memory: documents by their ids, lists and counts.
//
// An answer is kept until a document that it may depend on changes: see version.go. So a read that is answered from
// memory is as exact as one by the engine, and sees every write that was acknowledged before it. Answers are kept
// encoded, which takes half the memory of Go values, costs the garbage collector nothing, and gives every reader
// documents of its own: see answer.go. Whole responses that were made from such answers are kept as well: see response.go.
package cache

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"crm/db/store"
)

// MinBytes is the size of the smallest cache.
const MinBytes = 1 << 20

// The parts of the cache that one answer may take, and all answers of one read.
const (
	answerShare = 64
	readShare   = 8
)

// Store is a store.Store that answers reads of some collections from memory if it can, and leaves the rest to an engine.
type Store struct {
	store.Store

	kept     map[string]*kept
	versions *versions
	answers  *otter.Cache[key, answer]
	// maxAnswer and maxRead are how many bytes of one answer, and of one read, are kept at most.
	maxAnswer, maxRead int
	closed             atomic.Bool
}

var _ store.Store = (*Store)(nil)

// kept is a collection whose answers are kept.
type kept struct {
	*store.Collection
	// whole is the version of the collection as a whole.
	whole version
	// ids are the indexes of the fields of TypeID.
	ids []int
}

// New returns a store that keeps answers about these collections within a number of bytes, at least MinBytes. Nobody else
// may use the engine.
func New(engine store.Observable, collections []*store.Collection, bytes int) (*Store, error) {
	s := &Store{Store: engine, kept: make(map[string]*kept, len(collections)), maxAnswer: bytes / answerShare, maxRead: bytes / readShare}
	for i, c := range collections {
		s.kept[c.Name] = &kept{Collection: c, whole: version(i), ids: idFields(c)}
	}
	s.versions = newVersions(len(collections), bytes)
	var err error
	s.answers, err = otter.New(&otter.Options[key, answer]{
		MaximumWeight: uint64(max(bytes, MinBytes) - s.versions.size()),
		Weigher:       func(_ key, a answer) uint32 { return uint32(len(a) + overhead) },
	})
	if err != nil {
		return nil, fmt.Errorf("cannot make the cache: %w", err)
	}
	engine.Observe(observer{s}, collections)
	return s, nil
}

// idFields returns the indexes of the collection's fields of TypeID.
func idFields(c *store.Collection) (fields []int) {
	for i, f := range c.Fields {
		if f.Type == store.TypeID {
			fields = append(fields, i)
		}
	}
	return fields
}

// refers reports whether the collection has a field of TypeID of that name.
func (k *kept) refers(name string) bool {
	field, ok := k.Field(name)
	return ok && field.Type == store.TypeID
}

// of returns the collection if answers about it are kept, otherwise nil. Another declaration of the same documents has
// other fields.
func (s *Store) of(c *store.Collection) *kept {
	if k := s.kept[c.Name]; k != nil && k.Collection == c && !s.closed.Load() {
		return k
	}
	return nil
}

// Batch implements store.Batcher.
func (s *Store) Batch(ctx context.Context, writes func(w store.Writer) error) error {
	return store.Batch(ctx, s.Store, writes)
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.answers.InvalidateAll()
	return s.Store.Close()
}

// lookUp returns a valid answer, "" if there is none.
func (s *Store) lookUp(k key) answer {
	if a, ok := s.answers.GetIfPresent(k); ok && s.versions.current(a) {
		return a
	}
	return ""
}

// keep keeps an answer with this basis, if that is possible, and returns it.
func (s *Store) keep(k key, b basis, number int, documents []byte) answer {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	*buffer = append(binary.AppendVarint(b.append((*buffer)[:0]), int64(number)), documents...)
	a := answer(*buffer)
	if b.isKnown && len(a) <= s.maxAnswer {
		s.answers.Set(k, a)
	}
	return a
}
