package sqlite_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// expectation is what a plan may do.
type expectation int

const (
	// found: an index finds the documents; there are few, and they may be sorted.
	found expectation = iota
	// walked: an index reads the documents in the list's order, until the page is full.
	walked
	// walkedAbove: the parents of the lists are walked; the lists themselves may be sorted.
	walkedAbove
	// walkedBetween: an index finds the documents, or they are walked in the list's order within the bounds.
	walkedBetween
)

// check sends a query and checks SQLite's plan of each statement that it took:
//
//   - No table is scanned without an index, and no index is built for one query.
//   - An index is walked from end to end, and a list read in its order, only if the conditions match many documents by
//     nature. A selective condition finds the documents, and only then may they be sorted.
//   - Documents with equal values of an order's first key may be sorted by the other keys, unless the first key has
//     low cardinality.
func (p *planned) check(role, query string, want expectation) {
	p.t.Helper()
	p.checkStatements(want, role+" "+query, func() { p.ask(p.tokens[role], query) })
}

// checkStatements checks the plans of the statements that run sends.
func (p *planned) checkStatements(want expectation, name string, run func()) {
	p.t.Helper()
	p.store.TakeStatements()
	run()
	for _, statement := range p.store.TakeStatements() {
		if !strings.HasPrefix(statement, "SELECT") {
			continue
		}
		steps, err := p.store.Explain(statement)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, step := range steps {
			if problem := p.problem(statement, step, want); problem != "" {
				p.t.Errorf("%s: %s\n%s\n%s", problem, name, statement, strings.Join(steps, "\n"))
				break
			}
		}
	}
}

func (p *planned) problem(statement, step string, want expectation) string {
	walk := strings.HasPrefix(step, "SCAN ")
	counts := strings.HasPrefix(statement, "SELECT count(*)")
	switch {
	case step == "SCAN restorations": // there is at most one
		return ""
	case strings.Contains(step, "AUTOMATIC"):
		return "an index is made for the query"
	case walk && (strings.Contains(step, " VIRTUAL TABLE ") || strings.HasPrefix(step, "SCAN (subquery")):
		return ""
	case walk && !strings.Contains(step, " INDEX "):
		return "a table is scanned"
	case walk && want == found, walk && want == walkedAbove && strings.Contains(statement, "= ? ORDER BY"):
		return "no index finds the documents"
	case walk && counts && !strings.Contains(step, "COVERING"):
		return "documents are read to count them"
	case strings.HasPrefix(step, "USE TEMP B-TREE FOR LAST") && strings.Contains(statement, `ORDER BY "priority"`):
		return "documents with equal values of a low-cardinality key are sorted"
	case step == "USE TEMP B-TREE FOR ORDER BY" && want == walked:
		return "a list of many documents is sorted"
	}
	return ""
}

// lists are the lists at the root, with their types' names.
var lists = map[string]string{
	"users": "User", "customers": "Customer", "interactions": "Interaction", "tickets": "Ticket", "customerNotes": "CustomerNote",
	"tags": "Tag",
}

func (p *planned) orders(kind string) []string {
	orders := []string{""}
	for _, field := range p.schema.Types[kind+"OrderField"].EnumValues {
		for _, direction := range []string{"ASC", "DESC"} {
			orders = append(orders, "{field: "+field.Name+", direction: "+direction+"}")
		}
	}
	return orders
}

// conditions returns every operator on every field of a where input, with what a plan for it may do.
func (p *planned) conditions(kind string) map[string]expectation {
	conditions := map[string]expectation{}
	for _, field := range p.schema.Types[kind+"Where"].Fields {
		filter := p.schema.Types[field.Type.Name()]
		if filter.Kind != ast.InputObject { // such as active, which is true for documents without a time
			conditions[field.Name+": true"], conditions[field.Name+": false"] = walkedBetween, walked
			continue
		}
		if strings.HasSuffix(filter.Name, "Where") {
			continue // TestCombinationsAreServedByAnIndex is about these
		}
		for _, operator := range filter.Fields {
			want := found
			operand := p.operand(kind, field.Name, operator)
			definition := p.schema.Types[operator.Type.Name()]
			many := definition.Kind == ast.Enum || definition.Kind == ast.InputObject // some and none
			hasKey := field.Name == "email" && operator.Name == "isNull"              // a missing address has a key, too
			if many || slices.Contains([]string{"ne", "notIn"}, operator.Name) || operator.Name == "isNull" && !hasKey && !beginsIndex(kind, field.Name) {
				want = walked
			}
			condition := fmt.Sprintf("%s: %s", operator.Name, operand)
			if operator.Name == "exact" { // which changes the others
				condition += `, contains: "ann"`
			}
			conditions[fmt.Sprintf("%s: {%s}", field.Name, condition)] = want
		}
	}
	return conditions
}

// beginsIndex reports whether an index begins with a field, and so finds the few documents that lack it.
func beginsIndex(kind, field string) bool {
	return slices.ContainsFunc(db.Catalog().ByType(kind).Indexes, func(index store.Index) bool {
		return entity.CamelCase(strings.TrimSuffix(index.Keys[0].Field, "_key")) == field
	})
}

func (p *planned) operand(kind, field string, operator *ast.FieldDefinition) string {
	kinds := make(map[string]entity.Kind)
	for _, def := range db.Catalog().All() {
		kinds[def.TypeName] = def.Kind
		for _, reference := range def.References {
			kinds[entity.CamelCase(reference.Field)] = db.Catalog().ByType(reference.Owner).Kind
		}
	}
	var operand string
	switch definition := p.schema.Types[operator.Type.Name()]; {
	case definition.Kind == ast.InputObject:
		operand = "{}"
	case definition.Kind == ast.Enum:
		operand = definition.EnumValues[0].Name
	case definition.Name == "Boolean":
		operand = "true"
	case definition.Name == "Int":
		operand = "7"
	case definition.Name == "DateTime":
		operand = `"2020-01-01T00:00:00Z"`
	case definition.Name == "ID" && field == "id":
		operand = `"` + kinds[kind].GlobalID(store.NewID()) + `"`
	case definition.Name == "ID":
		operand = `"` + kinds[field].GlobalID(store.NewID()) + `"`
	default:
		operand = `"ann"`
	}
	if operator.Type.Elem != nil {
		return "[" + operand + ", " + operand + "]"
	}
	return operand
}
