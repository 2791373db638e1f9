package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crm/db/store"
)

// insert adds documents; it ends the test if that fails.
func insert[D store.Document](t *testing.T, s store.Store, c *store.Collection, docs ...D) {
	t.Helper()
	for _, doc := range docs {
		if err := s.Insert(t.Context(), c, doc); err != nil {
			t.Fatalf("Insert into %s: %v", c.Name, err)
		}
	}
}

// readThings returns the things that a query finds.
func readThings(ctx context.Context, s store.Store, q store.Query) ([]*thing, error) {
	var found []*thing
	err := s.Find(ctx, things, q, func() store.Document {
		found = append(found, new(thing))
		return found[len(found)-1]
	})
	return found, err
}

// findThings returns the things that a query finds; it ends the test if that fails.
func findThings(t testing.TB, s store.Store, q store.Query) []*thing {
	t.Helper()
	found, err := readThings(t.Context(), s, q)
	if err != nil {
		t.Fatalf("Find %s: %v", describe(q.Where), err)
	}
	return found
}

// findThing returns the thing with that id, nil if there is none.
func findThing(t *testing.T, s store.Store, id store.ID) *thing {
	t.Helper()
	found := findThings(t, s, store.Query{Where: store.Eq("_id", id)})
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

func idsOf(docs []*thing) []store.ID {
	ids := make([]store.ID, len(docs))
	for i, doc := range docs {
		ids[i] = doc.ID
	}
	return ids
}

// wantIDs compares ids, in their order.
func wantIDs(t *testing.T, what string, got, want []store.ID) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

// wantCode checks that err has that code; "" means no error.
func wantCode(t *testing.T, what string, err error, want store.Code) {
	t.Helper()
	if got := store.CodeOf(err); got != want || (want == "" && err != nil) {
		t.Errorf("%s: got error %v of code %q, want code %q", what, err, got, want)
	}
}

// wantConflict checks that err is a CONFLICT on that field.
func wantConflict(t *testing.T, what string, err error, field string) {
	t.Helper()
	wantCode(t, what, err, store.Conflict)
	var coded *store.Error
	if !errors.As(err, &coded) || len(coded.Problems) != 1 || coded.Problems[0].Path != field {
		t.Errorf("%s: got %#v, want one problem on %q", what, err, field)
	}
}

// describe formats a filter for a failure's message.
func describe(f store.Filter) string {
	switch f.Op {
	case store.OpAll:
		return "all"
	case store.OpAnd, store.OpOr, store.OpNot:
		parts := make([]string, len(f.Filters))
		for i, sub := range f.Filters {
			parts[i] = describe(sub)
		}
		return opName(f.Op) + "(" + strings.Join(parts, ", ") + ")"
	case store.OpIn, store.OpNotIn:
		return fmt.Sprintf("%s %s %q", f.Field, opName(f.Op), f.Values)
	case store.OpInQuery:
		return fmt.Sprintf("%s in (%s of %s where %s)", f.Field, f.Query.Select, f.Query.Collection.Name, describe(f.Query.Where))
	}
	if text, ok := f.Value.(string); ok {
		return fmt.Sprintf("%s %s %q", f.Field, opName(f.Op), text)
	}
	return fmt.Sprintf("%s %s %v", f.Field, opName(f.Op), f.Value)
}

func opName(op store.Op) string {
	names := []string{
		"all", "and", "or", "not", "eq", "ne", "in", "notIn", "gt", "gte", "lt", "lte",
		"contains", "startsWith", "isNull", "inQuery",
	}
	return names[op]
}
