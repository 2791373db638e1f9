package resolvers

import (
	"context"
	"reflect"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// The executor resolves a nested field for each parent separately. Documents that were read in one call are siblings, and
// the first of them whose field is resolved reads that field for all, in one store call: the cost of an operation depends
// on its shape and never on the number of rows. Unlike a dataloader, this never waits and always makes the same calls.

// operation holds the siblings of one operation.
type operation struct {
	mutex sync.Mutex
	// groups maps each document to its *siblings. fresh are the batches whose documents are not in groups yet: those of
	// documents without nested fields are never added.
	groups map[any]any
	fresh  []enroller
	// plain operations read each document separately and as a whole.
	plain bool
}

// enroller adds its documents to the groups of an operation.
type enroller interface{ enroll(op *operation) }

type operationKey struct{}

// NewOperation returns a context for one operation.
func NewOperation(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationKey{}, &operation{groups: make(map[any]any)})
}

// NewPlainOperation returns a context for one operation without siblings or projections, for comparison.
func NewPlainOperation(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationKey{}, &operation{groups: make(map[any]any), plain: true})
}

// siblings are documents of one type that were read in one call.
type siblings[T any] struct {
	docs     []*T
	mutex    sync.Mutex
	readings []fieldReading
}

// fieldReading is the reading of a field, which is a reading[R].
type fieldReading struct {
	field     *ast.Field
	arguments map[string]any
	read      any
}

// reading reads a field once for all siblings: every caller gets the result of the first, including its error or panic.
type reading[R any] func() (R, error)

// addBatch makes documents siblings.
func addBatch[T any](ctx context.Context, docs []*T) {
	op := ctx.Value(operationKey{}).(*operation)
	if op.plain {
		return
	}
	op.mutex.Lock()
	defer op.mutex.Unlock()
	op.fresh = append(op.fresh, &siblings[T]{docs: docs})
}

func (s *siblings[T]) enroll(op *operation) {
	for _, doc := range s.docs {
		op.groups[doc] = s
	}
}

// siblingsOf returns the siblings of a document, including itself.
func siblingsOf[T any](ctx context.Context, doc *T) *siblings[T] {
	op := ctx.Value(operationKey{}).(*operation)
	op.mutex.Lock()
	defer op.mutex.Unlock()
	if group, ok := op.groups[doc].(*siblings[T]); ok {
		return group
	}
	for _, group := range op.fresh {
		group.enroll(op)
	}
	op.fresh = nil
	group, ok := op.groups[doc].(*siblings[T])
	if !ok {
		group = &siblings[T]{docs: []*T{doc}}
		group.enroll(op)
	}
	return group
}

// readBySibling returns the reading of the field that is being resolved, if a sibling of doc began it.
func readBySibling[R, T any](ctx context.Context, group *siblings[T]) (known reading[R], ok bool) {
	field := graphql.GetFieldContext(ctx).Field.Field
	group.mutex.Lock()
	defer group.mutex.Unlock()
	for _, begun := range group.readings {
		if known, ok = begun.read.(reading[R]); ok && begun.field == field { // a field of several types has a reading for each
			return known, true
		}
	}
	return nil, false
}

// readForSiblings returns the reading of the field that is being resolved. The AST node finds it fast; name and arguments
// find it when an alias or a fragment selects the same again.
func readForSiblings[R, T any](ctx context.Context, group *siblings[T], read func(docs []*T) (R, error)) reading[R] {
	field := graphql.GetFieldContext(ctx).Field.Field
	arguments := field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	group.mutex.Lock()
	defer group.mutex.Unlock()
	var known reading[R]
	for _, begun := range group.readings {
		of, ok := begun.read.(reading[R])
		if ok && begun.field.Name == field.Name && reflect.DeepEqual(begun.arguments, arguments) {
			known = of
			break
		}
	}
	if known == nil {
		known = sync.OnceValues(func() (R, error) { return read(group.docs) })
	}
	group.readings = append(group.readings, fieldReading{field, arguments, known})
	return known
}
