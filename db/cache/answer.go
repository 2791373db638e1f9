package cache

import (
	"encoding/binary"
	"fmt"
	"time"

	"crm/db/store"
)

// answer is an encoded answer: the versions that it depends on, a number, and that many documents with the fields that were
// read, or none if the number itself is the answer. It is a string, so that the texts in documents are parts of it and
// needn't be copied.
type answer string

// overhead is about how many bytes the cache takes for an answer besides the answer itself.
const overhead = 160

// content returns a reader of what follows the versions.
func (a answer) content() *reader { return &reader{text: string(a[1+int(a[0])*stampSize:])} }

// documents fills a document for each in the answer, which is about this id. pointers is a buffer.
func (a answer) documents(
	c *store.Collection, fields store.Fields, pointers []any, id store.ID, next func(store.ID) store.Document,
) ([]any, error) {
	r := a.content()
	for range r.number() {
		pointers = next(id).Pointers(pointers[:0])
		if len(pointers) != len(c.Fields) {
			return pointers, fmt.Errorf("a document of %s has %d fields, not %d", c.Name, len(pointers), len(c.Fields))
		}
		for i, pointer := range pointers {
			if !fields.Has(i) {
				continue
			}
			if err := store.Scan(pointer, r); err != nil {
				return pointers, err
			}
		}
	}
	return pointers, nil
}

// appendDocument appends the selected fields of a document.
func appendDocument(to []byte, fields store.Fields, pointers []any) []byte {
	for i, pointer := range pointers {
		if fields.Has(i) {
			to = appendField(to, pointer)
		}
	}
	return to
}

func appendField(to []byte, pointer any) []byte {
	switch p := pointer.(type) {
	case *store.ID:
		return append(to, p[:]...)
	case *string:
		return append(binary.AppendVarint(to, int64(len(*p))), *p...)
	case *time.Time:
		return binary.AppendVarint(to, p.UnixMilli())
	case *int:
		return binary.AppendVarint(to, int64(*p))
	case *bool:
		if *p {
			return append(to, 1)
		}
		return append(to, 0)
	case **store.ID:
		return appendNullable(to, *p)
	case **string:
		return appendNullable(to, *p)
	case **time.Time:
		return appendNullable(to, *p)
	case **int:
		return appendNullable(to, *p)
	case **bool:
		return appendNullable(to, *p)
	}
	panic(fmt.Sprintf("a document has a field of type %T", pointer))
}

func appendNullable[T any](to []byte, p *T) []byte {
	if p == nil {
		return append(to, 0)
	}
	return appendField(append(to, 1), p)
}

// reader reads what appendField has written. It implements store.Source.
type reader struct{ text string }

// next returns the next n bytes.
func (r *reader) next(n int) (part string) {
	part, r.text = r.text[:n], r.text[n:]
	return part
}

// number reads a variable-length integer, as encoding/binary encodes it.
func (r *reader) number() int {
	var n uint64
	for i := range binary.MaxVarintLen64 {
		b := r.text[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.text = r.text[i+1:]
			break
		}
	}
	return int(int64(n>>1) ^ -int64(n&1))
}

// ID implements store.Source.
func (r *reader) ID() (id store.ID, _ error) {
	copy(id[:], r.next(len(id)))
	return id, nil
}

// Text implements store.Source.
func (r *reader) Text() (string, error) { return r.next(r.number()), nil }

// Time implements store.Source.
func (r *reader) Time() (time.Time, error) { return time.UnixMilli(int64(r.number())).UTC(), nil }

// Int implements store.Source.
func (r *reader) Int() (int, error) { return r.number(), nil }

// Bool implements store.Source.
func (r *reader) Bool() (bool, error) { return r.next(1) == "\x01", nil }

// IsNull implements store.Source.
func (r *reader) IsNull() bool { return r.next(1) == "\x00" }

func uint32At(text answer, i int) uint32 {
	return uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | uint32(text[i+3])<<24
}

func uint64At(text answer, i int) uint64 {
	return uint64(uint32At(text, i)) | uint64(uint32At(text, i+4))<<32
}
