package sqlite

import (
	"fmt"
	"maps"
	"strings"

	"zombiezen.com/go/sqlite"
)

// This file defines the full-text index of a table. It holds rowids and refers to the table for the texts; VACUUM keeps the
// rowids of a table that has indexes. Beside it is its mark, the highest rowid that it has. New documents are above the mark,
// since a new rowid is higher than all others, and indexNew adds them. Triggers keep the rest in sync with the table, in the
// same transaction.

const (
	searchSuffix = "_search"
	markSuffix   = "_search_mark"
)

// object is something that belongs to a full-text index, with the statement that creates it, as SQLite stores it.
type object struct{ kind, name, definition string }

// searchObjects returns what belongs to a table's full-text index, which comes first.
func searchObjects(t *table) []object {
	create := func(kind, name, format string, args ...any) object {
		return object{kind, name, fmt.Sprintf("CREATE "+format, args...)}
	}
	search, fields := t.collection.Name+searchSuffix, t.searched("")
	remove := fmt.Sprintf("INSERT INTO %s(%s, rowid, %s) SELECT 'delete', old.rowid, %s", t.search, t.search, fields, t.searched("old."))
	add := fmt.Sprintf("INSERT INTO %s(rowid, %s) VALUES (new.rowid, %s)", t.search, fields, t.searched("new."))
	// The next document must be above the mark, also after the last ones have gone, whether these were indexed or not. The
	// mark is lowered after the document is removed from the index, so one trigger does both.
	lower := fmt.Sprintf("UPDATE %s SET highest = %s WHERE highest > %s", t.mark, t.highest(), t.highest())
	indexed := "old.rowid <= " + t.highestIndexed()
	return []object{
		create("TABLE", search,
			"VIRTUAL TABLE %s USING fts5(%s, content=%s, tokenize='trigram case_sensitive 1', detail=column, columnsize=0)",
			t.search, fields, t.name),
		create("TABLE", t.collection.Name+markSuffix, "TABLE %s (highest INTEGER PRIMARY KEY) STRICT", t.mark),
		create("TRIGGER", search+"_delete", "TRIGGER %s AFTER DELETE ON %s BEGIN %s WHERE %s; %s; END",
			quote(search+"_delete"), t.name, remove, indexed, lower),
		create("TRIGGER", search+"_update", "TRIGGER %s AFTER UPDATE OF %s ON %s WHEN %s AND (%s) IS NOT (%s) BEGIN %s; %s; END",
			quote(search+"_update"), fields, t.name, indexed, t.searched("old."), t.searched("new."), remove, add),
	}
}

// searched lists the searched columns, each with that prefix.
func (t *table) searched(prefix string) string {
	names := make([]string, len(t.collection.Searched))
	for i, field := range t.collection.Searched {
		names[i] = prefix + quote(field)
	}
	return strings.Join(names, ", ")
}

// highest selects the highest rowid.
func (t *table) highest() string { return "(SELECT coalesce(max(rowid), 0) FROM " + t.name + ")" }

// highestIndexed selects the highest rowid in the full-text index.
func (t *table) highestIndexed() string { return "(SELECT max(highest) FROM " + t.mark + ")" }

// earlierTrigger names the trigger by which earlier versions indexed each document as soon as it was inserted.
func (t *table) earlierTrigger() string { return t.collection.Name + searchSuffix + "_insert" }

// missingSearch returns what is missing of a table's full-text index, and marks the table searchable if nothing is.
func (c *conn) missingSearch(t *table) ([]part, error) {
	if len(t.collection.Searched) == 0 {
		return nil, nil
	}
	wanted := make(map[string]string)
	objects := searchObjects(t)
	for _, o := range objects {
		wanted[o.name] = o.definition
	}
	stored, err := c.definitions(append(objects, object{name: t.earlierTrigger()}))
	if err != nil {
		return nil, err
	}
	searchable := func() { t.searchable.Store(true) }
	if maps.Equal(stored, wanted) {
		searchable()
		return nil, nil
	}
	p := part{name: objects[0].name, built: searchable}
	if stored[t.earlierTrigger()] != "" && stored[objects[0].name] == objects[0].definition {
		p.quick, p.definitions = true, replacing(t, objects[1:]) // the index has all documents
	} else {
		p.definitions = append(replacing(t, objects), fmt.Sprintf("INSERT INTO %s(%s) VALUES ('rebuild')", t.search, t.search))
	}
	return []part{p}, nil
}

// replacing returns the statements that create objects of a full-text index, replacing older ones, and mark it as complete.
func replacing(t *table, objects []object) []string {
	texts := []string{"DROP TRIGGER IF EXISTS " + quote(t.earlierTrigger())}
	for _, o := range objects {
		texts = append(texts, "DROP "+o.kind+" IF EXISTS "+quote(o.name), o.definition)
	}
	return append(texts, "INSERT INTO "+t.mark+" VALUES ("+t.highest()+")")
}

// mergeOnRequest ends that each write to a full-text index may merge its segments, which took up to 30 ms; see merge.
func (c *conn) mergeOnRequest(t *table) error {
	return c.exec("INSERT INTO " + t.search + "(" + t.search + ", rank) VALUES ('automerge', 0)")
}

// definitions returns the stored definitions of those objects that exist.
func (c *conn) definitions(objects []object) (map[string]string, error) {
	stored := make(map[string]string)
	b := &c.builder
	b.reset(nil)
	sep := "SELECT name, sql FROM sqlite_schema WHERE name IN ("
	for _, o := range objects {
		b.write(sep)
		b.arg(o.name)
		sep = ", "
	}
	b.write(")")
	err := c.run(func(stmt *sqlite.Stmt) error {
		stored[stmt.ColumnText(0)] = stmt.ColumnText(1)
		return nil
	})
	return stored, err
}
