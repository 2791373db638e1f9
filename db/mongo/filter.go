package mongo

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// comparisons are the operators that MongoDB itself has. All but $ne are false for a field that is null or absent, as
// MongoDB compares only values of the same type.
var comparisons = map[store.Op]string{
	store.OpNe: "$ne", store.OpGt: "$gt", store.OpGte: "$gte", store.OpLt: "$lt", store.OpLte: "$lte", store.OpIn: "$in", store.OpNotIn: "$nin",
}

// nothing matches no document.
var nothing = bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: bson.A{}}}}}

// selector returns the values that a subquery selects.
type selector func(ctx context.Context, q *store.Subquery) (bson.A, error)

// translate returns the filter in MongoDB's language. The empty document matches everything.
func translate(ctx context.Context, l *layout, f store.Filter, values selector) (bson.D, error) {
	switch f.Op {
	case store.OpAll:
		return bson.D{}, nil
	case store.OpAnd:
		return translateAll(ctx, l, "$and", f.Filters, values)
	case store.OpOr:
		if len(f.Filters) == 0 {
			return nothing, nil
		}
		return translateAll(ctx, l, "$or", f.Filters, values)
	case store.OpNot:
		return translateAll(ctx, l, "$nor", f.Filters, values)
	}
	if _, err := l.field(f.Field); err != nil {
		return nil, fmt.Errorf("cannot filter: %w", err)
	}
	if f.Op == store.OpContains {
		return l.contains(f)
	}
	condition, err := translateField(ctx, f, values)
	if err != nil {
		return nil, fmt.Errorf("cannot filter by %s.%s: %w", l.Name, f.Field, err)
	}
	return bson.D{{Key: l.path(f.Field), Value: condition}}, nil
}

// translateAll joins filters by a logical operator, which needs at least one operand in MongoDB.
func translateAll(
	ctx context.Context, l *layout, operator string, filters []store.Filter, values selector,
) (bson.D, error) {
	if len(filters) == 0 {
		return bson.D{}, nil
	}
	parts := make(bson.A, len(filters))
	for i, f := range filters {
		var err error
		if parts[i], err = translate(ctx, l, f, values); err != nil {
			return nil, err
		}
	}
	return bson.D{{Key: operator, Value: parts}}, nil
}

// translateField returns a filter's condition on its field.
func translateField(ctx context.Context, f store.Filter, values selector) (any, error) {
	switch f.Op {
	case store.OpEq:
		return encodeValue(f.Value)
	case store.OpIsNull:
		return bson.D{{Key: "$eq", Value: nil}}, nil // matches an absent field as well
	case store.OpStartsWith:
		text, ok := f.Value.(string)
		if !ok {
			return nil, fmt.Errorf("cannot search for a %T, only for a text", f.Value)
		}
		return match(f.Op, text), nil
	case store.OpInQuery:
		selected, err := values(ctx, f.Query)
		return bson.D{{Key: "$in", Value: selected}}, err
	}
	operator, ok := comparisons[f.Op]
	if !ok {
		return nil, fmt.Errorf("there is no operator %d", f.Op)
	}
	if f.Op == store.OpIn || f.Op == store.OpNotIn {
		list, err := encodeValues(f.Values)
		return bson.D{{Key: operator, Value: list}}, err
	}
	value, err := encodeValue(f.Value)
	return bson.D{{Key: operator, Value: value}}, err
}

// match returns the regular expression of a text. It has no options, so it is case-sensitive and ^ matches only the
// field's beginning. A pattern ends at its first NUL in BSON, so a NUL in the text is escaped.
func match(op store.Op, text string) bson.Regex {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(text), "\x00", `\x00`)
	if op == store.OpStartsWith {
		pattern = "^" + pattern
	}
	return bson.Regex{Pattern: pattern}
}

// all returns the conjunction of filters.
func all(filters ...bson.D) bson.D {
	var parts []bson.D
	for _, f := range filters {
		if len(f) > 0 {
			parts = append(parts, f)
		}
	}
	switch len(parts) {
	case 0:
		return bson.D{}
	case 1:
		return parts[0]
	}
	return bson.D{{Key: "$and", Value: parts}}
}
