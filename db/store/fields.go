package store

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FieldsOf returns the fields of a document's type, which its tags declare in the order of its Pointers:
// `db:"status,few"` names the field, `default:"open"` is the value read from a stored document that lacks it,
// `values:"open resolved=solved,fixed"` are all values, with the other words that are read as one of them, and
// `fallback:"created_at"` is the field's Fallback. A wrong tag is a programming error, so it panics.
func FieldsOf(document reflect.Type) []Field {
	var fields []Field
	for i := range document.NumField() {
		declared := document.Field(i)
		tag, ok := declared.Tag.Lookup("db")
		if !ok {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		field := Field{Name: name, LowCardinality: slices.Contains(strings.Split(options, ","), "few")}
		t := declared.Type
		if t.Kind() == reflect.Pointer {
			field.Nullable, t = true, t.Elem()
		}
		field.Type = typeOf(document, declared.Name, t)
		if text, ok := declared.Tag.Lookup("default"); ok {
			field.Default = defaultOf(document, declared.Name, field.Type, text)
		}
		field.Fallback = declared.Tag.Get("fallback")
		field.Values = parseValues(declared.Tag.Get("values"))
		fields = append(fields, field)
	}
	return fields
}

func typeOf(document reflect.Type, name string, t reflect.Type) Type {
	switch {
	case t == reflect.TypeFor[ID]():
		return TypeID
	case t == reflect.TypeFor[time.Time]():
		return TypeTime
	case t.Kind() == reflect.String:
		return TypeString
	case t.Kind() == reflect.Int:
		return TypeInt
	case t.Kind() == reflect.Bool:
		return TypeBool
	}
	panic(fmt.Sprintf("%s.%s has type %s, which no engine stores", document, name, t))
}

func defaultOf(document reflect.Type, name string, t Type, text string) any {
	switch t {
	case TypeString:
		return text
	case TypeInt:
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	case TypeBool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	}
	panic(fmt.Sprintf("%s.%s can't have the default %q", document, name, text))
}
