package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/text/unicode/norm"

	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// filtered is a list whose filters this file tests.
type filtered struct {
	list, where string
	kind        entity.Kind
	docs        []fields
	// stored maps fields of the where input to stored fields with another name.
	stored map[string]string
	// kinds maps fields to the kinds of their ids.
	kinds map[string]entity.Kind
}

// TestEveryOperator compares every operator of every field of every where input with its description. It tests new fields
// and operators automatically, or fails until it is extended for them.
func TestEveryOperator(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		schema := graph.NewExecutableSchema(graph.Config{}).Schema()
		for _, f := range s.filteredLists(admin) {
			for _, field := range schema.Types[f.where].Fields {
				definition := schema.Types[field.Type.Name()]
				if strings.HasSuffix(definition.Name, "Where") || field.Name == "phone" {
					continue // tested by TestLogic and by TestPhones
				}
				t.Run(f.where+" "+field.Name, func(t *testing.T) {
					c := comparing{s: s.in(t), token: admin.token, filtered: f, field: field.Name, schema: schema}
					if definition.Name == "Boolean" {
						for _, wanted := range []bool{true, false} {
							c.try(wanted, func(value any) bool {
								if stored, ok := value.(bool); ok {
									return stored == wanted
								}
								return (value == nil) == wanted // active, if it was never deactivated
							})
						}
						return
					}
					for _, operator := range definition.Fields {
						c.tryOperator(operator)
					}
				})
			}
		}
	})
}

// comparing tests one field's operators.
type comparing struct {
	s      *server
	token  string
	schema *ast.Schema
	filtered
	field string
}

// value returns the field's value in a document as clients see it; nil if it is missing.
func (c comparing) value(doc fields) any {
	name := c.stored[c.field]
	if name == "" {
		name = c.field
	}
	value := doc[name]
	switch value := value.(type) {
	case store.ID:
		return c.kinds[c.field].GlobalID(value)
	case int:
		if c.filterType() == "IntFilter" {
			return value
		}
		return []string{"LOW", "MEDIUM", "HIGH", "URGENT"}[value-1]
	case string:
		if c.schema.Types[c.filterType()].Fields.ForName("contains") == nil {
			return strings.ToUpper(value)
		}
	}
	return value
}

func (c comparing) filterType() string {
	return c.schema.Types[c.where].Fields.ForName(c.field).Type.Name()
}

// operands returns the values of the field in the documents, in upper case, and one that no document has.
func (c comparing) operands(operator *ast.FieldDefinition) []any {
	var found []any
	if values := c.schema.Types[operator.Type.Name()].EnumValues; len(values) > 0 {
		for _, value := range values {
			found = append(found, value.Name)
		}
		return found
	}
	for _, doc := range c.docs {
		switch value := c.value(doc).(type) {
		case nil:
		case int:
			found = append(found, value, value+100)
		case time.Time:
			found = append(found, value.Format(time.RFC3339), value.In(time.FixedZone("", 5*3600)).Add(time.Millisecond).Format(time.RFC3339Nano))
		case string:
			if strings.HasSuffix(operator.Name, "s") || strings.HasSuffix(operator.Name, "With") { // contains, startsWith
				letters := []rune(norm.NFC.String(value))
				found = append(found, strings.ToUpper(string(letters[:3])), string(letters[1:4]), string(letters[len(letters)-4:]))
				continue
			}
			if kind := c.kinds[c.field]; kind != "" {
				found = append(found, value, idOfNothing(value))
				continue
			}
			found = append(found, strings.ToUpper(value), value+"!")
		}
	}
	slices.SortFunc(found, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return slices.Compact(found)
}

func (c comparing) tryOperator(operator *ast.FieldDefinition) {
	switch operator.Name {
	case "isNull":
		for _, null := range []bool{true, false} {
			c.try(map[string]any{"isNull": null}, func(value any) bool { return (value == nil) == null })
		}
		return
	case "exact":
		return // tested by TestSearchByName
	case "in", "notIn":
		all := c.operands(operator)
		for _, some := range [][]any{{}, all[:1], all[:len(all)/2], all} {
			c.try(map[string]any{operator.Name: some}, func(value any) bool {
				return slices.ContainsFunc(some, func(one any) bool { return c.matches("eq", value, one) }) == (operator.Name == "in")
			})
		}
		return
	}
	for _, operand := range c.operands(operator) {
		c.try(map[string]any{operator.Name: operand}, func(value any) bool { return c.matches(operator.Name, value, operand) })
	}
}

// matches implements the schema's description of the operators: a comparison with a missing value is false, and ne is the
// opposite of eq.
func (c comparing) matches(operator string, value, operand any) bool {
	if operator == "ne" {
		return !c.matches("eq", value, operand)
	}
	switch value := value.(type) {
	case nil:
		return false
	case int:
		return ordered(c.s.t, operator, value-operand.(int))
	case time.Time:
		other, err := time.Parse(time.RFC3339, operand.(string))
		if err != nil {
			c.s.t.Fatal(err)
		}
		return ordered(c.s.t, operator, value.Compare(other))
	case string:
		if enum := c.enumValues(); len(enum) > 0 {
			rank := func(name any) int {
				return slices.IndexFunc(enum, func(value *ast.EnumValueDefinition) bool { return value.Name == name })
			}
			return ordered(c.s.t, operator, rank(value)-rank(operand))
		}
		text, part := lower(value), lower(operand.(string))
		if c.field != "email" {
			text, part = withoutAccents(text), withoutAccents(part)
		}
		switch operator {
		case "contains":
			return strings.Contains(text, part)
		case "startsWith":
			return strings.HasPrefix(text, part)
		}
		return ordered(c.s.t, operator, strings.Compare(text, part))
	}
	c.s.t.Fatalf("this test can't compare a %T", value)
	return false
}

// enumValues returns the values of the field's enum, none if it has another type. A text that is only searched has no eq.
func (c comparing) enumValues() ast.EnumValueList {
	eq := c.schema.Types[c.filterType()].Fields.ForName("eq")
	if eq == nil {
		return nil
	}
	return c.schema.Types[eq.Type.Name()].EnumValues
}

func withoutAccents(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

func lower(text string) string { return strings.ToLower(norm.NFC.String(text)) }

func ordered(t *testing.T, operator string, c int) bool {
	t.Helper()
	switch operator {
	case "eq":
		return c == 0
	case "gt":
		return c > 0
	case "gte":
		return c >= 0
	case "lt":
		return c < 0
	case "lte":
		return c <= 0
	}
	t.Fatalf("this test can't check the operator %s", operator)
	return false
}

// try queries the documents that match a condition on the field.
func (c comparing) try(condition any, match func(value any) bool) {
	c.s.t.Helper()
	want := []string{}
	for _, doc := range c.docs {
		if match(c.value(doc)) {
			want = append(want, c.kind.GlobalID(doc.id()))
		}
	}
	got := c.s.ids(c.token, c.list, map[string]any{c.field: condition})
	slices.Sort(want)
	if !slices.Equal(got, want) {
		c.s.t.Errorf("%s with %s %v are %q, want %q", c.list, c.field, condition, got, want)
	}
}

// ids returns the sorted ids of the documents that match a where input.
func (s *server) ids(token, list string, where any) []string {
	s.t.Helper()
	kind := map[string]string{"users": "User", "customers": "Customer", "interactions": "Interaction", "tickets": "Ticket"}[list]
	a := s.must(token, "query($where: "+kind+"Where) { "+list+"(first: 100, where: $where) { nodes { id } totalCount } }", variables{"where": where})
	nodes := a.at(list + ".nodes").([]any)
	found := []string{}
	for i := range nodes {
		found = append(found, a.text(fmt.Sprintf("%s.nodes.%d.id", list, i)))
	}
	if a.at(list+".totalCount") != float64(len(found)) {
		s.t.Errorf("%s with %v: the count differs from the list: %s", list, where, a.raw)
	}
	slices.Sort(found)
	return found
}
