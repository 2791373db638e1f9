package sqlite

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// bind binds a parameter to a value, or to what one of a document's pointers points to.
func bind(stmt *sqlite.Stmt, param int, value any) error {
	switch v := value.(type) {
	case nil:
		stmt.BindNull(param)
	case store.ID:
		stmt.BindBytes(param, v[:])
	case string:
		stmt.BindText(param, v)
	case time.Time:
		stmt.BindInt64(param, v.UnixMilli())
	case int:
		stmt.BindInt64(param, int64(v))
	case bool:
		stmt.BindBool(param, v)
	default:
		pointed, ok := store.Dereference(value)
		if !ok {
			return fmt.Errorf("cannot store a value of type %T", value)
		}
		return bind(stmt, param, pointed)
	}
	return nil
}

// scan fills the selected fields of a document from the statement's current row.
func (c *conn) scan(stmt *sqlite.Stmt, t *table, fields store.Fields, doc store.Document) error {
	pointers := doc.Pointers(c.pointers[:0])
	c.pointers = pointers
	if len(pointers) != len(t.collection.Fields) {
		return fmt.Errorf("a document of %s has %d fields, not %d", t.collection.Name, len(pointers), len(t.collection.Fields))
	}
	from := cell{stmt: stmt}
	for field, pointer := range pointers {
		if !fields.Has(field) {
			continue
		}
		if err := store.Scan(pointer, from); err != nil {
			return err
		}
		if f := &t.collection.Fields[field]; f.Values != nil {
			f.Correct(pointer)
		}
		from.index++
	}
	return nil
}

// cell is the store.Source of one column of the statement's current row.
type cell struct {
	stmt  *sqlite.Stmt
	index int
}

// ID implements store.Source.
func (c cell) ID() (store.ID, error) { return columnID(c.stmt, c.index), nil }

// Text implements store.Source.
func (c cell) Text() (string, error) { return c.stmt.ColumnText(c.index), nil }

// Time implements store.Source.
func (c cell) Time() (time.Time, error) {
	return time.UnixMilli(c.stmt.ColumnInt64(c.index)).UTC(), nil
}

// Int implements store.Source.
func (c cell) Int() (int, error) { return c.stmt.ColumnInt(c.index), nil }

// Bool implements store.Source.
func (c cell) Bool() (bool, error) { return c.stmt.ColumnBool(c.index), nil }

// IsNull implements store.Source.
func (c cell) IsNull() bool { return c.stmt.ColumnIsNull(c.index) }

func columnID(stmt *sqlite.Stmt, i int) (id store.ID) {
	stmt.ColumnBytes(i, id[:])
	return id
}

// fits reports whether a value has a field's type.
func fits(t store.Type, value any) bool {
	switch value.(type) {
	case store.ID:
		return t == store.TypeID
	case string:
		return t == store.TypeString
	case time.Time:
		return t == store.TypeTime
	case int:
		return t == store.TypeInt
	case bool:
		return t == store.TypeBool
	}
	return false
}
