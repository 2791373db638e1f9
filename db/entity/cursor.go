package entity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"crm/db/store"
)

// cursors encodes and decodes the cursors of one list: a collection in one order. A cursor holds an element's values of
// the order's keys, so it stays valid whatever is inserted or removed, and a keyed digest of them and of the list,
// which rejects forged cursors and those of other lists.
type cursors struct {
	keys  [][]byte
	c     *store.Collection
	order []store.Sort
}

const digestSize = 8

func newCursors(keys [][]byte, c *store.Collection, order []store.Sort) cursors {
	return cursors{keys: keys, c: c, order: order}
}

// of returns the cursor of a document.
func (c cursors) of(doc store.Document) string {
	pointers := doc.Pointers(nil)
	values := make([]any, len(c.order))
	for i, key := range c.order {
		values[i] = cursorValue(pointers[c.c.FieldIndex(key.Field)])
	}
	text, err := json.Marshal(values)
	if err != nil {
		return "" // strings, numbers and ids always encode
	}
	return base64.RawURLEncoding.EncodeToString(append(c.digest(c.keys[0], text), text...))
}

// parse decodes a cursor; it returns nil if there is none, and adds a problem if it isn't a cursor of this list.
func (c cursors) parse(path string, cursor *string, problems *store.Problems) []any {
	if cursor == nil {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*cursor)
	if err != nil || len(raw) < digestSize || !c.signed(raw[:digestSize], raw[digestSize:]) {
		problems.Add(path, "is not a cursor of this list")
		return nil
	}
	return c.decode(path, raw[digestSize:], problems)
}

func (c cursors) decode(path string, text []byte, problems *store.Problems) []any {
	var raw []json.RawMessage
	err := json.Unmarshal(text, &raw)
	if err != nil || len(raw) != len(c.order) {
		problems.Add(path, "is not a cursor of this list")
		return nil
	}
	values := make([]any, len(raw))
	for i, key := range c.order {
		if values[i], err = decodeValue(c.c.Fields[c.c.FieldIndex(key.Field)].Type, raw[i]); err != nil {
			problems.Add(path, "is not a cursor of this list")
			return nil
		}
	}
	return values
}

// signed reports whether one of the keys made the digest, so a cursor stays valid when a new first key is added.
func (c cursors) signed(digest, text []byte) bool {
	return slices.ContainsFunc(c.keys, func(key []byte) bool { return hmac.Equal(digest, c.digest(key, text)) })
}

func (c cursors) digest(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(c.c.Name))
	for _, key := range c.order {
		mac.Write([]byte{0})
		mac.Write([]byte(key.Field))
		if key.Desc {
			mac.Write([]byte{1})
		}
	}
	mac.Write([]byte{0})
	mac.Write(text)
	return mac.Sum(nil)[:digestSize]
}

// cursorValue returns a field's value in a form that JSON preserves exactly. Sort keys are never null.
func cursorValue(pointer any) any {
	switch p := pointer.(type) {
	case *time.Time:
		return p.UnixMilli()
	case *store.ID:
		return *p
	default:
		return pointer
	}
}

func decodeValue(t store.Type, raw json.RawMessage) (any, error) {
	switch t {
	case store.TypeID:
		return decodeAs[store.ID](raw)
	case store.TypeTime:
		ms, err := decodeAs[int64](raw)
		return time.UnixMilli(ms).UTC(), err
	case store.TypeInt:
		return decodeAs[int](raw)
	case store.TypeBool:
		return decodeAs[bool](raw)
	default:
		return decodeAs[string](raw)
	}
}

func decodeAs[T any](raw json.RawMessage) (T, error) {
	var value T
	err := json.Unmarshal(raw, &value)
	return value, err
}
