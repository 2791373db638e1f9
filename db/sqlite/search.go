package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"crm/db/store"
)

// This file searches for substrings: each collection with Searched fields has a full-text index (FTS5) of all sequences
// of three characters in them. Triggers keep it in sync with the table, in the same transaction. It holds rowids and
// refers to the table for the texts; VACUUM keeps the rowids of a table that has indexes.

// finds reports whether the full-text index can find the documents that match a condition.
func (t *table) finds(f store.Filter) bool {
	text, _ := f.Value.(string)
	return t.searchable.Load() && slices.Contains(t.collection.Searched, f.Field) &&
		utf8.RuneCountInString(text) >= store.MinSearch && utf8.ValidString(text) && !strings.Contains(text, "\x00")
}

// contains writes the condition that a field contains a text. The full-text index finds texts that have all its pieces,
// in any order, so the text is compared, too.
func (b *builder) contains(t *table, f store.Filter, a access) {
	c := b.operand(t, f.Field, a)
	text := b.searchText(c, f)
	if a.search && t.finds(f) {
		b.write("(rowid IN (SELECT rowid FROM ")
		b.matches(t, f)
		b.write(") AND ")
		defer b.write(")")
	}
	b.write("instr(", c.name, ", ")
	b.value(c, text)
	b.write(") > 0")
}

// matches writes a search of the full-text index, after FROM.
func (b *builder) matches(t *table, f store.Filter) {
	b.write(t.search, " WHERE ", t.search, " MATCH ")
	b.arg(matchExpression(f.Field, b.searchText(b.column(t, f.Field), f)))
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

// sameNames reports whether both have the same names, in any order.
func sameNames(names map[string]bool, these []string) bool {
	return len(names) == len(these) && !slices.ContainsFunc(these, func(name string) bool { return !names[name] })
}

// searchDefinitions returns the statements that build a table's full-text index, replacing an older one.
func searchDefinitions(t *table) []string {
	var texts []string
	trigger := func(on, when string, actions ...string) {
		name := quote(t.collection.Name + searchSuffix + "_" + on)
		texts = append(texts, "DROP TRIGGER IF EXISTS "+name, fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s BEGIN %s; END",
			name, when, t.name, strings.Join(actions, "; ")))
	}
	columns := func(prefix string) string {
		names := make([]string, len(t.collection.Searched))
		for i, field := range t.collection.Searched {
			names[i] = prefix + quote(field)
		}
		return strings.Join(names, ", ")
	}
	texts = append(texts, "DROP TABLE IF EXISTS "+t.search, fmt.Sprintf(
		"CREATE VIRTUAL TABLE %s USING fts5(%s, content=%s, tokenize='trigram case_sensitive 1', detail=column, columnsize=0)",
		t.search, columns(""), t.name))
	add := fmt.Sprintf("INSERT INTO %s(rowid, %s) VALUES (new.rowid, %s)", t.search, columns(""), columns("new."))
	remove := fmt.Sprintf("INSERT INTO %s(%s, rowid, %s) VALUES ('delete', old.rowid, %s)",
		t.search, t.search, columns(""), columns("old."))
	trigger("insert", "INSERT", add)
	trigger("delete", "DELETE", remove)
	trigger("update", "UPDATE OF "+columns(""), remove, add)
	return append(texts, fmt.Sprintf("INSERT INTO %s(%s) VALUES ('rebuild')", t.search, t.search))
}

const searchSuffix = "_search"
