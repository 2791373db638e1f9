package main

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// bind gives a parameter a value in the form that the engine stores, as db/sqlite does.
func bind(stmt *sqlite.Stmt, param int, value any) error {
	switch v := value.(type) {
	case string:
		stmt.BindText(param, v)
	case *string:
		stmt.BindText(param, *v)
	case *store.ID:
		stmt.BindBytes(param, v[:])
	case *time.Time:
		stmt.BindInt64(param, v.UnixMilli())
	case *int:
		stmt.BindInt64(param, int64(*v))
	case *bool:
		stmt.BindBool(param, *v)
	case **string:
		return bindOptional(stmt, param, *v)
	case **store.ID:
		return bindOptional(stmt, param, *v)
	case **time.Time:
		return bindOptional(stmt, param, *v)
	case **int:
		return bindOptional(stmt, param, *v)
	case **bool:
		return bindOptional(stmt, param, *v)
	default:
		return fmt.Errorf("cannot store a value of type %T", value)
	}
	return nil
}

func bindOptional[T any](stmt *sqlite.Stmt, param int, value *T) error {
	if value == nil {
		stmt.BindNull(param)
		return nil
	}
	return bind(stmt, param, value)
}
