package sqlite

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// bind gives a parameter a value: one of a filter, or what one of a document's pointers points to.
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
	case *store.ID:
		stmt.BindBytes(param, v[:])
	case *string:
		stmt.BindText(param, *v)
	case *time.Time:
		stmt.BindInt64(param, v.UnixMilli())
	case *int:
		stmt.BindInt64(param, int64(*v))
	case *bool:
		stmt.BindBool(param, *v)
	default:
		return bindNullable(stmt, param, value)
	}
	return nil
}

func bindNullable(stmt *sqlite.Stmt, param int, value any) error {
	switch v := value.(type) {
	case **store.ID:
		return bindOrNull(stmt, param, *v)
	case **string:
		return bindOrNull(stmt, param, *v)
	case **time.Time:
		return bindOrNull(stmt, param, *v)
	case **int:
		return bindOrNull(stmt, param, *v)
	case **bool:
		return bindOrNull(stmt, param, *v)
	}
	return fmt.Errorf("cannot store a value of type %T", value)
}

func bindOrNull[T any](stmt *sqlite.Stmt, param int, value *T) error {
	if value == nil {
		stmt.BindNull(param)
		return nil
	}
	return bind(stmt, param, value)
}

// scan fills the chosen fields of a document with the row that the statement stands on.
func (c *conn) scan(stmt *sqlite.Stmt, t *table, fields store.Fields, doc store.Document) error {
	pointers := doc.Pointers(c.pointers[:0])
	c.pointers = pointers
	if len(pointers) != len(t.collection.Fields) {
		return fmt.Errorf("a document of %s has %d fields, not %d", t.collection.Name, len(pointers), len(t.collection.Fields))
	}
	i := -1
	for field, pointer := range pointers {
		if !fields.Has(field) {
			continue
		}
		i++
		switch p := pointer.(type) {
		case *store.ID:
			*p = columnID(stmt, i)
		case *string:
			*p = stmt.ColumnText(i)
		case *time.Time:
			*p = columnTime(stmt, i)
		case *int:
			*p = stmt.ColumnInt(i)
		case *bool:
			*p = stmt.ColumnBool(i)
		default:
			if err := scanNullable(stmt, i, pointer); err != nil {
				return err
			}
		}
	}
	return nil
}

func scanNullable(stmt *sqlite.Stmt, i int, pointer any) error {
	switch p := pointer.(type) {
	case **store.ID:
		*p = nullable(stmt, i, columnID)
	case **string:
		*p = nullable(stmt, i, (*sqlite.Stmt).ColumnText)
	case **time.Time:
		*p = nullable(stmt, i, columnTime)
	case **int:
		*p = nullable(stmt, i, (*sqlite.Stmt).ColumnInt)
	case **bool:
		*p = nullable(stmt, i, (*sqlite.Stmt).ColumnBool)
	default:
		return fmt.Errorf("cannot read into a value of type %T", pointer)
	}
	return nil
}

func nullable[T any](stmt *sqlite.Stmt, i int, read func(*sqlite.Stmt, int) T) *T {
	if stmt.ColumnIsNull(i) {
		return nil
	}
	return new(read(stmt, i))
}

func columnID(stmt *sqlite.Stmt, i int) (id store.ID) {
	stmt.ColumnBytes(i, id[:])
	return id
}

func columnTime(stmt *sqlite.Stmt, i int) time.Time {
	return time.UnixMilli(stmt.ColumnInt64(i)).UTC()
}

// fits says whether a value is of the type that a field holds.
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
