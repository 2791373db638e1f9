package sqlite

import (
	"slices"
	"strings"
	"unicode/utf8"

	"crm/db/store"
)

// This file searches for substrings: each collection with Searched fields has a full-text index (FTS5) of all sequences
// of three characters in them; see fulltext.go.

// finds reports whether the full-text index can find the documents that match a condition.
func (t *table) finds(f store.Filter) bool {
	text, _ := f.Value.(string)
	return t.searchable.Load() && slices.Contains(t.collection.Searched, f.Field) &&
		utf8.RuneCountInString(text) >= store.MinSearch && utf8.ValidString(text) && !strings.Contains(text, "\x00")
}

// contains writes the condition that a field contains a text. The candidates are too many, so the text is compared, too.
func (b *builder) contains(t *table, f store.Filter, a access) {
	c := b.operand(t, f.Field, a)
	text := b.searchText(c, f)
	if a.search && t.finds(f) {
		b.write("(rowid IN (")
		b.candidates(t, f)
		b.write(") AND ")
		defer b.write(")")
	}
	b.write("instr(", c.name, ", ")
	b.value(c, text)
	b.write(") > 0")
}

// candidates writes a query of the rowids of all documents that may contain a text: those whose text has all its pieces, in
// any order, and the new ones, which the full-text index lacks.
func (b *builder) candidates(t *table, f store.Filter) {
	b.write("SELECT rowid FROM ", t.search, " WHERE ", t.search, " MATCH ")
	b.arg(matchExpression(f.Field, b.searchText(b.column(t, f.Field), f)))
	b.write(" UNION ALL SELECT rowid FROM ", t.name, " WHERE rowid > ", t.highestIndexed())
}

// maxPieces is the maximum number of pieces of a text to search for. More would hardly exclude any documents, and their
// cost is quadratic.
const maxPieces = 32

// matchExpression matches documents whose field has all of a text's pieces of three characters.
func matchExpression(field, text string) string {
	runes := []rune(text)
	var pieces []string
	for i := 0; i < len(runes) && len(pieces) < maxPieces; i += store.MinSearch {
		from := min(i, len(runes)-store.MinSearch)
		piece := string(runes[from : from+store.MinSearch])
		pieces = append(pieces, quote(piece))
	}
	return "{" + quote(field) + "} : (" + strings.Join(pieces, " AND ") + ")"
}
