package cache

import (
	"encoding/binary"
	"fmt"
	"time"

	"crm/db/store"
)

// answer is an encoded answer: the number of versions that it depends on, their stamps, a number, and that many documents with the
// fields that were read, or none if the number itself is the answer. It is a string, so that the texts in documents are parts of it
// and needn't be copied. A response has the same form: see response.go.
type answer string

// headerSize is the number of bytes of the number of versions, maxStamps the largest such number.
const (
	headerSize = 2
	maxStamps  = 1<<16 - 1
)

func appendHeader(to []byte, versions int) []byte {
	return binary.LittleEndian.AppendUint16(to, uint16(versions))
}

// versions returns the number of versions that the answer depends on.
func (a answer) versions() int { return int(a[0]) | int(a[1])<<8 }

// stamps returns the stamps of these versions.
func (a answer) stamps() answer { return a[headerSize : headerSize+a.versions()*stampSize] }

// overhead is about how many bytes the cache takes for an answer besides the answer itself.
const overhead = 160

// content returns a reader of what follows the versions.
func (a answer) content() *reader {
	return &reader{text: string(a[headerSize+a.versions()*stampSize:])}
}

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
			if fields.Has(i) {
				r.field(pointer)
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

// reader reads what appendField has written.
type reader struct{ text string }

// field sets the field that a pointer points to.
func (r *reader) field(pointer any) {
	switch p := pointer.(type) {
	case *store.ID:
		copy(p[:], r.next(len(p)))
	case *string:
		*p = r.next(r.number())
	case *time.Time:
		*p = time.UnixMilli(int64(r.number())).UTC()
	case *int:
		*p = r.number()
	case *bool:
		*p = r.next(1) == "\x01"
	case **store.ID:
		readNullable(r, p)
	case **string:
		readNullable(r, p)
	case **time.Time:
		readNullable(r, p)
	case **int:
		readNullable(r, p)
	case **bool:
		readNullable(r, p)
	default:
		panic(fmt.Sprintf("a document has a field of type %T", pointer))
	}
}

func readNullable[T any](r *reader, p **T) {
	*p = nil
	if r.next(1) == "\x01" {
		*p = new(T)
		r.field(*p)
	}
}

// next returns the next n bytes.
func (r *reader) next(n int) (part string) {
	part, r.text = r.text[:n], r.text[n:]
	return part
}

// number reads a variable-length integer, as encoding/binary encodes it.
func (r *reader) number() int {
	if b := r.text[0]; b < 0x80 { // most numbers are small
		r.text = r.text[1:]
		return int(b>>1) ^ -int(b&1)
	}
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

func uint32At(text answer, i int) uint32 {
	return uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | uint32(text[i+3])<<24
}

func uint64At(text answer, i int) uint64 {
	return uint64(uint32At(text, i)) | uint64(uint32At(text, i+4))<<32
}
