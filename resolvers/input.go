package resolvers

import (
	"github.com/99designs/gqlgen/graphql"

	"crm/db"
)

// text returns the change to a required text: nil if it stays, and "" for null, which db refuses if the text must not be
// empty.
func text(in graphql.Omittable[*string]) *string {
	if !in.IsSet() {
		return nil
	}
	if in.Value() == nil {
		return new(string)
	}
	return in.Value()
}

// orEmpty returns a text that may be missing, and then is empty.
func orEmpty(in graphql.Omittable[*string]) string {
	if in.Value() == nil {
		return ""
	}
	return *in.Value()
}

// clearable returns the change to an optional field: nil if it stays, a pointer to nil if it is cleared.
func clearable[T any](in graphql.Omittable[*T]) **T {
	if !in.IsSet() {
		return nil
	}
	value := in.Value()
	return &value
}

// change returns the change to a field that can't be cleared, and adds a problem if it is null.
func change[T any](problems *db.Problems, path string, in graphql.Omittable[*T]) *T {
	if in.IsSet() && in.Value() == nil {
		problems.Add("input."+path, "must not be null; leave it out")
	}
	return in.Value()
}
