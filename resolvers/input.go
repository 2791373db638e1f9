package resolvers

import (
	"github.com/99designs/gqlgen/graphql"

	"crm/db"
)

// text returns the change to a text that always has a value: nil if it stays, and "" for null, which db refuses where
// the text may not be empty.
func text(in graphql.Omittable[*string]) *string {
	if !in.IsSet() {
		return nil
	}
	if in.Value() == nil {
		return new(string)
	}
	return in.Value()
}

// clearable returns the change to a field that may be cleared: nil if it stays, a pointer to nil if it is cleared.
func clearable[T any](in graphql.Omittable[*T]) **T {
	if !in.IsSet() {
		return nil
	}
	value := in.Value()
	return &value
}

// change returns the change to a field that can't be cleared, and notes a problem if that is asked for.
func change[T any](problems *db.Problems, path string, in graphql.Omittable[*T]) *T {
	if in.IsSet() && in.Value() == nil {
		problems.Add("input."+path, "must not be null; leave it out")
	}
	return in.Value()
}
