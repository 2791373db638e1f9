package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"crm/db/store"
)

// key identifies a question: a collision-resistant digest of what is asked, and for questions that are asked about many ids at
// once, one of them.
type key struct {
	asked [16]byte
	id    store.ID
}

// about returns the key of the same question about an id.
func (k key) about(id store.ID) key {
	k.id = id
	return k
}

// Kinds of questions.
const (
	findQuery byte = iota
	childQuery
	countQuery
	countByQuery
)

// buffers are for what is encoded and then copied.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// keyOf returns the key of a question; field is the one that is compared with the ids of many documents. ok is false for a
// query with a value of an unknown type, which only an engine can answer.
func keyOf(kind byte, c *store.Collection, field string, q store.Query) (k key, ok bool) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	t := text{b: (*buffer)[:0]}
	t.b = append(t.b, kind)
	t.string(c.Name)
	t.string(field)
	t.filter(q.Where)
	t.number(len(q.Sort))
	for _, by := range q.Sort {
		t.string(by.Field)
		t.bool(by.Desc)
	}
	t.values(q.After)
	t.number(q.Limit)
	t.b = binary.AppendUvarint(t.b, uint64(q.Fields))
	*buffer = t.b
	sum := sha256.Sum256(t.b)
	copy(k.asked[:], sum[:])
	return k, !t.unknown
}

// text encodes a query so that different queries have different texts.
type text struct {
	b       []byte
	unknown bool
}

func (t *text) number(n int) { t.b = binary.AppendVarint(t.b, int64(n)) }

func (t *text) string(s string) {
	t.number(len(s))
	t.b = append(t.b, s...)
}

func (t *text) bool(is bool) {
	if is {
		t.b = append(t.b, 1)
	} else {
		t.b = append(t.b, 0)
	}
}

func (t *text) filter(f store.Filter) {
	t.b = append(t.b, byte(f.Op))
	t.string(f.Field)
	t.value(f.Value)
	t.values(f.Values)
	t.number(len(f.Filters))
	for _, part := range f.Filters {
		t.filter(part)
	}
	t.bool(f.Query != nil)
	if f.Query != nil {
		t.string(f.Query.Collection.Name)
		t.string(f.Query.Select)
		t.filter(f.Query.Where)
	}
}

func (t *text) values(values []any) {
	t.number(len(values))
	for _, value := range values {
		t.value(value)
	}
}

// value writes a value's type and the value. Times have a precision of one millisecond.
func (t *text) value(value any) {
	switch v := value.(type) {
	case nil:
		t.b = append(t.b, 'n')
	case store.ID:
		t.b = append(append(t.b, 'd'), v[:]...)
	case string:
		t.b = append(t.b, 's')
		t.string(v)
	case time.Time:
		t.b = append(t.b, 't')
		t.number(int(v.UnixMilli()))
	case int:
		t.b = append(t.b, 'i')
		t.number(v)
	case bool:
		t.b = append(t.b, 'b')
		t.bool(v)
	default:
		t.unknown = true
	}
}
