package graph

import (
	"context"
	"io"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// fastPath renders the value of a root field by itself, and hands gqlgen's executor the finished bytes. The executor
// spends most of its time on a goroutine, a context and a path for each element and field; here a selection is planned once,
// and then every value is appended to one buffer. The resolver and the directives of the root field run as ever, the
// resolvers of nested fields are called the same way. Where anything is out of the ordinary (an error, a null where none may be, a field
// guarded by a directive), the buffer is dropped and the executor does the field: it alone knows how errors look.
type fastPath struct {
	schema    *executableSchema
	presenter presenter
	// buffers has *[]byte that earlier answers were rendered into.
	buffers *sync.Pool
}

func newFastPath(schema *executableSchema, presenter presenter) fastPath {
	return fastPath{schema: schema, presenter: presenter, buffers: &sync.Pool{New: func() any {
		buf := make([]byte, 0, bufferSize)
		return &buf
	}}}
}

// Sizes of a buffer: of a new one, and of one that is worth keeping.
const (
	bufferSize    = 16 << 10
	maxBufferSize = 1 << 20
)

var _ graphql.FieldInterceptor = fastPath{}

// ExtensionName implements graphql.HandlerExtension.
func (fastPath) ExtensionName() string { return "FastPath" }

// Validate implements graphql.HandlerExtension.
func (fastPath) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptField implements graphql.FieldInterceptor.
func (f fastPath) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
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

// render returns the rendered value, or nil if the executor has to do it. So it has after a panic, which is logged here: the
// executor may not meet it again.
func (f fastPath) render(
	ctx context.Context, field *graphql.FieldContext, value any, answer *answerStats,
) (done *rendered) {
	buf, _ := f.buffers.Get().(*[]byte)
	r := &rendering{ctx: ctx, buf: (*buf)[:0], answer: answer, next: answerStep}
	defer func() {
		if cause := recover(); cause != nil {
			f.presenter.logPanic(ctx, "panic in the fast path; gqlgen's executor renders the field", cause)
			done = nil
		}
		if done == nil {
			r.uncount()
		}
	}()
	operation := graphql.GetOperationContext(ctx)
	p := &planner{ctx: ctx, operation: operation, ec: newExecutionContext(operation, f.schema, nil)}
	ok := r.renderRoot(p, field.Field.Definition.Type.Name(), field.Field.Selections, value) && r.count()
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
