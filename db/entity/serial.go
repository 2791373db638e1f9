package entity

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"crm/db/store"
)

// Numbers remembers the highest number that was in use, by entity, so that the number of a deleted document is never used
// again.
type Numbers interface {
	// Highest returns the remembered number, 0 if there is none.
	Highest(ctx context.Context, name string) (int, error)
	// Raise remembers a number unless a higher one is remembered.
	Raise(ctx context.Context, name string, number int) error
}

// serial numbers the documents of an entity in ascending order, for people. A field with the option serial in its tag, as in
// `db:"number,serial"`, holds the number; it needs a unique index. That index, not this process, is what makes the numbers
// unique: if another process takes a number first, the next one is tried. So a number takes no write of its own.
type serial struct {
	field string
	mutex sync.Mutex
	// last is the highest number that is known to be in use, 0 if none is; remembered is the one that Numbers has.
	last, remembered int
}

// serialTries is how often a document is numbered while other processes take the numbers.
const serialTries = 100

// next returns a number that is probably free.
func (r *Repository[T]) next(ctx context.Context) (int, error) {
	known, err := r.db.Numbers.Highest(ctx, r.def.Name)
	if err != nil {
		return 0, err
	}
	r.serial.mutex.Lock()
	last := r.serial.last
	r.serial.mutex.Unlock()
	if last == 0 {
		if last, err = r.highest(ctx); err != nil {
			return 0, err
		}
	}
	r.serial.mutex.Lock()
	defer r.serial.mutex.Unlock()
	r.serial.last = max(r.serial.last, last, known) + 1
	return r.serial.last, nil
}

// forget makes next look up the highest number in use again.
func (s *serial) forget() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.last = 0
}

// highest returns the highest number of a document, 0 if there is none.
func (r *Repository[T]) highest(ctx context.Context) (int, error) {
	found, err := r.Find(ctx, store.Query{
		Where: store.Not(store.IsNull(r.serial.field)), Sort: []store.Sort{{Field: r.serial.field, Desc: true}, {Field: "_id", Desc: true}},
		Limit: 1,
	})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return r.number(found[0]), nil
}

// number returns a document's number, 0 if it has none.
func (r *Repository[T]) number(doc *T) int {
	number, _ := store.ValueAt(r.document(doc).Pointers(nil)[r.def.FieldIndex(r.serial.field)]).(int)
	return number
}

// numbered calls write with a document that has the next number, until no other process has taken it first.
func (r *Repository[T]) numbered(ctx context.Context, doc *T, write func() error) error {
	for range serialTries {
		if err := r.giveNext(ctx, doc); err != nil {
			return err
		}
		err := write()
		if err == nil {
			return nil
		}
		r.serial.forget()
		if !r.isTaken(err) {
			return err
		}
	}
	return store.Errorf(store.Conflict, "others take all numbers for a %s; try again", r.def.Noun)
}

// giveNext gives a document the next number.
func (r *Repository[T]) giveNext(ctx context.Context, doc *T) error {
	number, err := r.next(ctx)
	if err != nil {
		return fmt.Errorf("cannot number %s: %w", r.def.Noun, err)
	}
	return store.SetValue(r.document(doc).Pointers(nil)[r.def.FieldIndex(r.serial.field)], number)
}

// isTaken reports whether a write failed because another document has the number.
func (r *Repository[T]) isTaken(err error) bool {
	return IsTaken(err, r.serial.field)
}

// IsTaken reports whether a write failed because another document has the same value in a field with a unique index.
func IsTaken(err error, field string) bool {
	return store.CodeOf(err) == store.Conflict && strings.HasSuffix(pathOf(err), field)
}

// retire makes sure that the number of a document that is about to be deleted isn't used again.
func (r *Repository[T]) retire(ctx context.Context, doc *T) error {
	r.serial.mutex.Lock()
	known := r.number(doc) <= r.serial.remembered
	r.serial.mutex.Unlock()
	if known {
		return nil
	}
	highest, err := r.highest(ctx)
	if err == nil {
		highest = max(highest, r.number(doc))
		err = r.db.Numbers.Raise(ctx, r.def.Name, highest)
	}
	if err != nil {
		return fmt.Errorf("cannot retire the number of a %s: %w", r.def.Noun, err)
	}
	r.serial.mutex.Lock()
	defer r.serial.mutex.Unlock()
	r.serial.remembered = max(r.serial.remembered, highest)
	return nil
}

// NumberAll numbers the documents that have no number, the oldest first: those of earlier versions. complete fills in what
// else they lack, and returns the fields concerned.
func (r *Repository[T]) NumberAll(ctx context.Context, complete func(doc *T) []string) error {
	for {
		found, err := r.Find(ctx, store.Query{
			Where: store.IsNull(r.serial.field), Sort: []store.Sort{{Field: "created_at"}, {Field: "_id"}}, Limit: upgradeBatch,
		})
		if err != nil || len(found) == 0 {
			return err
		}
		for _, doc := range found {
			if err := r.giveNext(ctx, doc); err != nil {
				return err
			}
		}
		err = writeAll(found, func(doc *T) error { return r.writeNumber(ctx, doc, append(complete(doc), r.serial.field)) })
		if err != nil {
			return err
		}
	}
}

// writeNumber writes the number and other fields of a document that had no number, or the next number if that is taken.
func (r *Repository[T]) writeNumber(ctx context.Context, doc *T, fields []string) error {
	write := func() error {
		return r.Assign(ctx, r.ID(doc), store.IsNull(r.serial.field), r.def.Assignments(r.document(doc), fields...))
	}
	err := write()
	if r.isTaken(err) {
		err = r.numbered(ctx, doc, write)
	}
	if store.CodeOf(err) == store.NotFound { // another process has numbered it
		return nil
	}
	return err
}
