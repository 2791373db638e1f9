package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
)

// id appends the id of the row whose key is in a column and whose time of creation is in the next one.
func (r *reader) id(stmt *sqlite.Stmt, column int, before string) {
	r.body = appendID(append(r.body, before...), stmt.ColumnInt64(column), stmt.ColumnInt64(column+1))
}

func (r *reader) time(stmt *sqlite.Stmt, column int, before string) {
	r.body = appendTime(append(r.body, before...), stmt.ColumnInt64(column))
}

func (r *reader) text(stmt *sqlite.Stmt, column int, before string) {
	r.body = append(r.body, before...)
	size := stmt.ColumnLen(column)
	if size == 0 && stmt.ColumnIsNull(column) {
		r.body = append(r.body, `null`...)
		return
	}
	r.body = slices.Grow(append(r.body, '"'), size)
	text := r.body[len(r.body) : len(r.body)+size]
	stmt.ColumnBytes(column, text)
	if bytes.ContainsAny(text, `"\`) {
		r.body = appendText(r.body[:len(r.body)-1], string(text))
		return
	}
	r.body = append(r.body[:len(r.body)+size], '"')
}

// appendID appends an id as the server writes it: the seconds, five bytes of whoever made it, and the key.
func appendID(b []byte, key, milliseconds int64) []byte {
	s := milliseconds / 1000
	return hex.AppendEncode(b, []byte{
		byte(s >> 24), byte(s >> 16), byte(s >> 8), byte(s), 'b', 'e', 'n', 'c', 'h', byte(key >> 16), byte(key >> 8), byte(key),
	})
}

// parseID returns the key in an id.
func parseID(id string) (int64, error) {
	if len(id) != len("int_")+24 {
		return 0, fmt.Errorf("%q is not an id", id)
	}
	return strconv.ParseInt(id[len(id)-6:], 16, 64)
}

func appendTime(b []byte, milliseconds int64) []byte {
	t := time.UnixMilli(milliseconds).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	b = append(appendDigits(b, year, 1000), '-')
	b = append(appendDigits(b, int(month), 10), '-')
	b = append(appendDigits(b, day, 10), 'T')
	b = append(appendDigits(b, hour, 10), ':')
	b = append(appendDigits(b, minute, 10), ':')
	b = append(appendDigits(b, second, 10), '.')
	return append(appendDigits(b, int(milliseconds%1000), 100), 'Z')
}

// appendDigits appends the digits of n from the one with this weight.
func appendDigits(b []byte, n, weight int) []byte {
	for ; weight > 0; weight /= 10 {
		b = append(b, byte('0'+n/weight%10))
	}
	return b
}

// appendText appends a JSON string. Texts of the benchmark have no control characters.
func appendText(b []byte, text string) []byte {
	b = append(b, '"')
	from := 0
	for i := range len(text) {
		if text[i] == '"' || text[i] == '\\' {
			b = append(append(b, text[from:i]...), '\\')
			from = i
		}
	}
	return append(append(b, text[from:]...), '"')
}
