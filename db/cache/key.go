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
	w := keyWriter{b: (*buffer)[:0]}
	w.b = append(w.b, kind)
	w.string(c.Name)
	w.string(field)
	w.filter(q.Where)
	w.number(len(q.Sort))
	for _, by := range q.Sort {
		w.string(by.Field)
		w.bool(by.Desc)
	}
	w.values(q.After)
	w.number(q.Limit)
	w.b = binary.AppendUvarint(w.b, uint64(q.Fields))
	*buffer = w.b
	sum := sha256.Sum256(w.b)
	copy(k.asked[:], sum[:])
	return k, !w.unknown
}

// keyWriter encodes a query so that different queries have different texts.
type keyWriter struct {
	b       []byte
	unknown bool
}

func (w *keyWriter) number(n int) { w.b = binary.AppendVarint(w.b, int64(n)) }

func (w *keyWriter) string(s string) {
	w.number(len(s))
	w.b = append(w.b, s...)
}

func (w *keyWriter) bool(is bool) {
	if is {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

func (w *keyWriter) filter(f store.Filter) {
	w.b = append(w.b, byte(f.Op))
	w.string(f.Field)
	w.value(f.Value)
	w.values(f.Values)
	w.number(len(f.Filters))
	for _, part := range f.Filters {
		w.filter(part)
	}
	w.bool(f.Query != nil)
	if f.Query != nil {
		w.string(f.Query.Collection.Name)
		w.string(f.Query.Select)
		w.filter(f.Query.Where)
	}
}

func (w *keyWriter) values(values []any) {
	w.number(len(values))
	for _, value := range values {
		w.value(value)
	}
}

// value writes a value's type and the value. Times have a precision of one millisecond.
func (w *keyWriter) value(value any) {
	switch v := value.(type) {
	case nil:
		w.b = append(w.b, 'n')
	case store.ID:
		w.b = append(append(w.b, 'd'), v[:]...)
	case string:
		w.b = append(w.b, 's')
		w.string(v)
	case time.Time:
		w.b = append(w.b, 't')
		w.number(int(v.UnixMilli()))
	case int:
		w.b = append(w.b, 'i')
		w.number(v)
	case bool:
		w.b = append(w.b, 'b')
		w.bool(v)
	default:
		w.unknown = true
	}
}
