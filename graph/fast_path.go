package graph

import (
	"context"
	"io"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// fastPath renders the value of a root field by itself, and passes the finished bytes to gqlgen's executor. The executor
// spends most of its time on a goroutine, a context and a path for each element and field; the fast path plans a selection
// once for each document, and appends every value to one buffer. The resolver and the directives of the root field run as usual, and the
// resolvers of nested fields are called the same way. In unusual cases (an error, a null in a non-null field, a field
// guarded by a directive) it drops the buffer and leaves the field to the executor, which alone handles errors.
type fastPath struct {
	schema    *executableSchema
	presenter presenter
	// buffers contains the *[]byte of earlier responses, for reuse.
	buffers *sync.Pool
}

func newFastPath(schema *executableSchema, presenter presenter) fastPath {
	return fastPath{schema: schema, presenter: presenter, buffers: &sync.Pool{New: func() any {
		buf := make([]byte, 0, bufferSize)
		return &buf
	}}}
}

// The initial size of a buffer, and the largest size worth keeping.
const (
	bufferSize    = 16 << 10
	maxBufferSize = 1 << 20
)

// resolve is the graphql.FieldMiddleware that renders root fields.
func (f fastPath) resolve(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	field := graphql.GetFieldContext(ctx)
	if err != nil || value == nil || (field.Object != "Query" && field.Object != "Mutation") {
		return value, err
	}
	answer := stateOf(ctx).answer
	if r := f.render(ctx, field, value, answer); r != nil {
		return r, nil
	}
	if !answer.grow(0) {
		return nil, answer.tooLarge()
	}
	return value, nil
}

// render returns the rendered value, or nil if the executor has to render it. It logs a panic and returns nil: the
// executor may not encounter the panic again.
func (f fastPath) render(
	ctx context.Context, field *graphql.FieldContext, value any, answer *answerStats,
) (done *rendered) {
	buf, _ := f.buffers.Get().(*[]byte)
	operation := graphql.GetOperationContext(ctx)
	r := &rendering{
		ctx: ctx, ec: newExecutionContext(operation, f.schema, nil), buf: (*buf)[:0], answer: answer, next: answerStep,
	}
	defer func() {
		if cause := recover(); cause != nil {
			f.presenter.logPanic(ctx, "panic in the fast path; gqlgen's executor renders the field", cause)
			done = nil
		}
		if done == nil {
			r.uncount()
		}
	}()
	plan := planOf(stateOf(ctx).document, operation, field.Field)
	r.calls = make([]any, plan.calls)
	ok := r.renderRoot(field.Field.Definition.Type.Name(), plan.selection, value) && r.count()
	*buf = r.buf
	if !ok {
		f.recycle(buf)
		return nil
	}
	return &rendered{path: f, buf: buf}
}

func (f fastPath) recycle(buf *[]byte) {
	if cap(*buf) <= maxBufferSize {
		f.buffers.Put(buf)
	}
}

// rendered is a finished value.
type rendered struct {
	path fastPath
	buf  *[]byte
}

// MarshalGQL implements graphql.Marshaler. The executor calls it once.
func (r *rendered) MarshalGQL(w io.Writer) {
	_, _ = w.Write(*r.buf)
	r.path.recycle(r.buf)
	r.buf = new([]byte)
}
