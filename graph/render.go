package graph

import (
	"context"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// selection is the plan of a selection set on an object type, or on each possible type of an abstract one.
type selection struct {
	fields []selected
	// types maps each possible object type of an abstract type to its selection.
	types map[string]*selection
}

// selected is the plan of one field of a selection, which is the same for every value of its type.
type selected struct {
	// key precedes the value: a comma unless it is the first, the response key and a colon.
	key   []byte
	field graphql.CollectedField
	// index is the field's number in the generated renderers, or typename.
	index int
	// bind returns the call of the field's resolver in an operation, a func(obj T) (V, error), or nil if the arguments are
	// wrong. It is nil for fields without a resolver; slot is the call's index in a rendering.
	bind func(r *rendering, f *selected) any
	slot int
	// selection is the selection on the field's value.
	selection *selection
}

// typename is the index of the meta field __typename.
const typename = -1

// planner plans the selection of one root field.
type planner struct {
	operation *graphql.OperationContext
	// fields and calls count the fields that are planned, and those of them with resolvers.
	fields, calls int
}

// plan collects the fields that are selected on the object type that satisfies these types, as the executor does; bind
// determines how to get each value. It returns nil if the fast path can't render one of them.
func (p *planner) plan(set ast.SelectionSet, satisfies []string, bind func(f *selected) bool) *selection {
	collected := graphql.CollectFields(p.operation, set, satisfies)
	p.fields += len(collected)
	s := &selection{fields: make([]selected, 0, len(collected))}
	for i, field := range collected {
		if isRepeated(collected[:i], field) {
			if len(field.Selections) > 0 {
				return nil
			}
			continue
		}
		f := selected{field: field}
		if len(s.fields) > 0 {
			f.key = append(f.key, ',')
		}
		f.key = append(appendString(f.key, field.Alias), ':')
		if field.Name == "__typename" {
			f.index = typename
		} else if !bind(&f) {
			return nil
		}
		if f.bind != nil {
			f.slot = p.calls
			p.calls++
		}
		s.fields = append(s.fields, f)
	}
	return s
}

// isRepeated reports whether an earlier field has the same response key. gqlgen treats a field on a union and the same
// field on one of its types as two, resolves both, and writes the first.
func isRepeated(earlier []graphql.CollectedField, field graphql.CollectedField) bool {
	for i := range earlier {
		if earlier[i].Alias == field.Alias {
			return true
		}
	}
	return false
}

// rendering is the state while the value of one root field is rendered.
type rendering struct {
	//nolint:containedctx // lives as long as the call that makes it
	ctx context.Context
	ec  *executionContext
	// calls are the calls of resolvers that have been bound so far.
	calls []any
	buf   []byte
	// failed means that the fast path can't continue and the executor has to render the field from the start.
	failed bool
	// answer counts the size of the whole response. It already includes counted bytes of buf, and is updated when buf
	// reaches next bytes.
	answer        *answerStats
	counted, next int
	tooLarge      bool
}

// call returns the call of a field's resolver, or nil if the arguments are wrong.
func (r *rendering) call(f *selected) any {
	if r.calls[f.slot] == nil {
		r.calls[f.slot] = f.bind(r, f)
	}
	return r.calls[f.slot]
}

// fieldContext returns the context in which a field's resolver runs.
func (r *rendering) fieldContext(object string, f *selected, args map[string]any) context.Context {
	return graphql.WithFieldContext(r.ctx, &graphql.FieldContext{
		Object: object, Field: f.field, Args: args, IsMethod: true, IsResolver: true,
	})
}

// answerStep is how many bytes are rendered between two checks of the response's size.
const answerStep = 64 << 10

// count adds the rendered bytes to the size of the response, and fails if that is too large.
func (r *rendering) count() bool {
	grown := len(r.buf) - r.counted
	r.counted, r.next = len(r.buf), len(r.buf)+answerStep
	if !r.answer.grow(grown) {
		r.failed, r.tooLarge = true, true
	}
	return !r.failed
}

// uncount subtracts the counted bytes, because the executor renders and counts the field again. It keeps them if the
// response is already too large.
func (r *rendering) uncount() {
	if !r.tooLarge {
		r.answer.grow(-r.counted)
	}
}

// renderOne renders a value with its selection, and reports whether that succeeded.
func renderOne[T any](r *rendering, s *selection, render func(*selection, T), value T) bool {
	if s == nil {
		return false
	}
	render(s, value)
	return !r.failed
}

// renderList renders the values of a list, each of which may be null.
func renderList[T comparable](r *rendering, s *selection, render func(*selection, T), values []T) bool {
	if s == nil {
		return false
	}
	var null T
	r.buf = append(r.buf, '[')
	for i, value := range values {
		if i > 0 {
			r.buf = append(r.buf, ',')
		}
		if value == null {
			r.buf = append(r.buf, "null"...)
			continue
		}
		if len(r.buf) > r.next && !r.count() {
			return false
		}
		render(s, value)
	}
	r.buf = append(r.buf, ']')
	return !r.failed
}

func (r *rendering) string(text string) { r.buf = appendString(r.buf, text) }

func (r *rendering) int(n int) { r.buf = strconv.AppendInt(r.buf, int64(n), 10) }

func (r *rendering) bool(b bool) { r.buf = strconv.AppendBool(r.buf, b) }

// hexDigits are the digits in gqlgen's escapes of control characters.
const hexDigits = "0123456789ABCDEF"

// appendString appends a string as gqlgen writes it.
func appendString(buf []byte, text string) []byte {
	buf = append(buf, '"')
	start := 0
	for i := range len(text) {
		c := text[i]
		if c >= 0x20 && c != '\\' && c != '"' {
			continue
		}
		buf = append(buf, text[start:i]...)
		start = i + 1
		switch c {
		case '\t':
			buf = append(buf, `\t`...)
		case '\r':
			buf = append(buf, `\r`...)
		case '\n':
			buf = append(buf, `\n`...)
		case '\\', '"':
			buf = append(buf, '\\', c)
		default:
			buf = append(buf, `\u00`...)
			buf = append(buf, hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	return append(append(buf, text[start:]...), '"')
}

// appendDateTime appends a time as MarshalDateTime writes it, in a third of the time that time.AppendFormat takes.
func appendDateTime(buf []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(buf, `"2006-01-02T15:04:05.000Z"`)
	}
	hour, minute, second := t.Clock()
	buf = append(buf, '"')
	buf = appendTwoDigits(appendTwoDigits(buf, year/100), year%100)
	buf = appendTwoDigits(append(buf, '-'), int(month))
	buf = appendTwoDigits(append(buf, '-'), day)
	buf = appendTwoDigits(append(buf, 'T'), hour)
	buf = appendTwoDigits(append(buf, ':'), minute)
	buf = appendTwoDigits(append(buf, ':'), second)
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(buf, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z', '"')
}

func appendTwoDigits(buf []byte, n int) []byte { return append(buf, byte('0'+n/10), byte('0'+n%10)) }
