package resolvers

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// The executor resolves a nested field for each parent by itself. Documents that were read together stay together as
// siblings, so that the first of them whose field is resolved reads it for all, in one call to the store: the cost of
// an operation depends on its shape and never on the number of rows. Unlike a loader that waits for others to ask, this
// needs no waiting and always makes the same calls.

// operation holds the siblings of one operation.
type operation struct {
	mutex sync.Mutex
	// groups has for each document its *siblings, and fresh the groups whose documents are not in it yet: those of
	// documents without nested fields never get there.
	groups map[any]any
	fresh  []enroller
	// plain operations look at one document at a time: each is alone, and read as a whole.
	plain bool
}

// enroller enters its documents into the groups of an operation.
type enroller interface{ enroll(op *operation) }

type operationKey struct{}

// NewOperation returns a context for one operation.
func NewOperation(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationKey{}, &operation{groups: make(map[any]any)})
}

// NewPlainOperation returns a context for one operation without look-ahead, to compare with.
func NewPlainOperation(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationKey{}, &operation{groups: make(map[any]any), plain: true})
}

// siblings are documents of one type that were read together.
type siblings[T any] struct {
	docs []*T
	// fields has what was read for a field with its arguments, a reading, by the field's place in the query and by its
	// name and arguments.
	mutex  sync.Mutex
	fields map[any]any
}

// reading reads once for all siblings: whoever asks gets what the first one got, its error and its panic too.
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
	s.fields = make(map[any]any)
	for _, doc := range s.docs {
		op.groups[doc] = s
	}
}

// siblingsOf returns the siblings of a document, itself among them.
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
	group.mutex.Lock()
	defer group.mutex.Unlock()
	known, ok = group.fields[graphql.GetFieldContext(ctx).Field.Field].(reading[R])
	return known, ok
}

// readForSiblings returns the reading of the field that is being resolved. The field's place in the query finds it fast;
// name and arguments find it when an alias or a fragment asks for the same again.
func readForSiblings[R, T any](ctx context.Context, group *siblings[T], read func(docs []*T) (R, error)) reading[R] {
	field := graphql.GetFieldContext(ctx).Field
	group.mutex.Lock()
	defer group.mutex.Unlock()
	key := fieldKey(ctx, field)
	known, ok := group.fields[key].(reading[R])
	if !ok {
		known = sync.OnceValues(func() (R, error) { return read(group.docs) })
		group.fields[key] = known
	}
	group.fields[field.Field] = known
	return known
}

// fieldKey is the same for fields with the same name and arguments.
func fieldKey(ctx context.Context, field graphql.CollectedField) string {
	arguments := field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	text, err := json.Marshal(arguments)
	if err != nil {
		// Arguments came as JSON or as literals; should one not encode after all, the field is read by itself.
		return fmt.Sprintf("%s %p", field.Name, field.Field)
	}
	return field.Name + string(text)
}
