package store

// Op is the operator of a Filter.
type Op int

// The operators. Logic is two-valued: a comparison with a null or absent field is false (except for OpIsNull), and
// OpNot, OpNe and OpNotIn are the exact complement of what they negate, so they match such a field.
const (
	OpAll Op = iota // matches everything: the zero Filter
	OpAnd
	OpOr // matches nothing when it has no Filters
	OpNot
	OpEq
	OpNe
	OpIn
	OpNotIn
	OpGt
	OpGte
	OpLt
	OpLte
	OpContains   // a substring, byte for byte; see Collection.Searched
	OpStartsWith // a prefix, byte for byte
	OpIsNull
	OpInQuery // the field's value is among those that a query of another collection selects
)

// Filter selects documents. Build one with the functions below.
type Filter struct {
	Op    Op
	Field string
	// Value is an ID, string, time.Time, int or bool.
	Value any
	// Values are the operands of OpIn and OpNotIn.
	Values []any
	// Filters are the operands of OpAnd and OpOr, and the single one of OpNot.
	Filters []Filter
	// Query is the operand of OpInQuery.
	Query *Subquery
	// Path is the condition's place in a client's input, for error messages; it is empty for conditions of the program
	// itself.
	Path string
}

// Subquery is the set of values that one field has in the documents of a collection that match a filter.
type Subquery struct {
	Collection *Collection
	Select     string
	Where      Filter
}

// And matches documents that all filters match.
func And(filters ...Filter) Filter {
	kept := make([]Filter, 0, len(filters))
	for _, f := range filters {
		if f.Op != OpAll {
			kept = append(kept, f)
		}
	}
	switch len(kept) {
	case 0:
		return Filter{}
	case 1:
		return kept[0]
	}
	return Filter{Op: OpAnd, Filters: kept}
}

// Or matches documents that at least one filter matches; without filters it matches nothing.
func Or(filters ...Filter) Filter { return Filter{Op: OpOr, Filters: filters} }

// None matches nothing.
func None() Filter { return Or() }

// Not matches documents that f does not match.
func Not(f Filter) Filter { return Filter{Op: OpNot, Filters: []Filter{f}} }

// Compare compares a field with a value; op is OpEq, OpNe, OpGt, OpGte, OpLt, OpLte, OpContains or OpStartsWith.
func Compare(op Op, field string, value any) Filter {
	return Filter{Op: op, Field: field, Value: value}
}

// Eq matches documents whose field has that value.
func Eq(field string, value any) Filter { return Compare(OpEq, field, value) }

// In matches documents whose field has one of the values.
func In[T any](field string, values []T) Filter {
	return Filter{Op: OpIn, Field: field, Values: anys(values)}
}

// NotIn matches documents whose field has none of the values.
func NotIn[T any](field string, values []T) Filter {
	return Filter{Op: OpNotIn, Field: field, Values: anys(values)}
}

// IsNull matches documents whose field is null or absent.
func IsNull(field string) Filter { return Filter{Op: OpIsNull, Field: field} }

// InQuery matches documents whose field has one of the values of the field selected in the documents of c that match
// where.
func InQuery(field string, c *Collection, selected string, where Filter) Filter {
	return Filter{Op: OpInQuery, Field: field, Query: &Subquery{Collection: c, Select: selected, Where: where}}
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}
