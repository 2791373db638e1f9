package sqlite

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// relax lets columns be null that an earlier version declared NOT NULL. SQLite has no statement for that. Since the rows stay
// as they are, its documentation describes to edit the table's definition (https://sqlite.org/lang_altertable.html, 7), and
// to set another schema_version, by which all connections notice it.
func (c *conn) relax(t *table, fields []store.Field) error {
	if len(fields) == 0 {
		return nil
	}
	declared, err := c.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ", t.collection.Name)
	if err != nil {
		return err
	}
	edited := declared
	for _, f := range fields {
		required := f
		required.Nullable = false
		if !strings.Contains(edited, definition(required)) {
			return fmt.Errorf("cannot let column %s be null: its definition isn't known", f.Name)
		}
		edited = strings.Replace(edited, definition(required), definition(f), 1)
	}
	return c.redefine(t, edited)
}

// redefine replaces the definition of a table.
func (c *conn) redefine(t *table, definition string) (err error) {
	version, err := c.text("PRAGMA schema_version", "")
	if err != nil {
		return err
	}
	next, err := strconv.Atoi(version)
	if err != nil {
		return fmt.Errorf("cannot read the schema's version: %w", err)
	}
	if err := c.exec("PRAGMA writable_schema = ON"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.exec("PRAGMA writable_schema = OFF")) }()
	literal := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	err = c.exec("UPDATE sqlite_schema SET sql = " + literal(definition) + " WHERE type = 'table' AND name = " + literal(t.collection.Name))
	if err != nil {
		return err
	}
	return c.exec("PRAGMA schema_version = " + strconv.Itoa(next+1))
}

// text returns the one text that a statement selects. An argument that isn't empty ends the statement.
func (c *conn) text(statement, argument string) (text string, err error) {
	c.builder.reset(nil)
	c.builder.write(statement)
	if argument != "" {
		c.builder.arg(argument)
	}
	err = c.run(func(stmt *sqlite.Stmt) error {
		text = stmt.ColumnText(0)
		return nil
	})
	return text, err
}
