package resolvers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/store"
	"crm/graph"
	"crm/graph/apierror"
)

// place is a position in an argument where a client may put a value: "where.name.in".
type place struct {
	path string
	typ  *ast.Type
}

// places returns every place in an argument. It visits every input type of the schema that the argument leads to, so it
// covers new fields automatically; it doesn't visit a type again inside itself.
func places(schema *ast.Schema, path string, typ *ast.Type, inside map[string]bool) []place {
	found := []place{{path, typ}}
	definition := schema.Types[typ.Name()]
	if definition.Kind != ast.InputObject || inside[definition.Name] {
		return found
	}
	inside[definition.Name] = true
	if !strings.HasSuffix(definition.Name, "Where") { // each kind of document is visited once, since relations form circles
		defer delete(inside, definition.Name)
	}
	for _, field := range definition.Fields {
		found = append(found, places(schema, path+"."+field.Name, field.Type, inside)...)
	}
	return found
}

// build returns the argument's value that contains only this value at the place.
func (p place) build(value any) any {
	_, below, _ := strings.Cut(p.path, ".")
	if below == "" {
		return value
	}
	names := strings.Split(below, ".")
	for i := len(names) - 1; i >= 0; i-- {
		value = map[string]any{names[i]: value}
	}
	return value
}

// literal returns a value as a GraphQL literal.
func literal(value any) string {
	object, ok := value.(map[string]any)
	if !ok {
		text, _ := json.Marshal(value)
		return string(text)
	}
	fields := make([]string, 0, len(object))
	for name, field := range object {
		fields = append(fields, name+": "+literal(field))
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// eachArgument calls do for every argument of every root field.
func eachArgument(schema *ast.Schema, do func(operation ast.Operation, field *ast.FieldDefinition, argument *ast.ArgumentDefinition)) {
	for operation, root := range map[ast.Operation]*ast.Definition{ast.Query: schema.Query, ast.Mutation: schema.Mutation} {
		for _, field := range root.Fields {
			for _, argument := range field.Arguments {
				if !strings.HasPrefix(field.Name, "__") {
					do(operation, field, argument)
				}
			}
		}
	}
}

// TestOperatorInPlaceOfValue sends an operator that would make a carelessly built MongoDB query match everything, in place
// of every value of every argument, as a variable and as a literal. Each must be refused with an error that names the
// place.
func TestOperatorInPlaceOfValue(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		schema := graph.NewExecutableSchema(graph.Config{}).Schema()
		n := 0
		eachArgument(schema, func(operation ast.Operation, field *ast.FieldDefinition, argument *ast.ArgumentDefinition) {
			for _, place := range places(schema, argument.Name, argument.Type, map[string]bool{}) {
				n++
				selection := " { __typename }"
				name := string(operation) + " " + field.Name + " " + place.path
				byVariable := s.ask(admin.token, string(operation)+"($"+argument.Name+": "+argument.Type.String()+") { "+
					field.Name+"("+argument.Name+": $"+argument.Name+")"+selection+" }",
					variables{argument.Name: place.build(map[string]any{"$gt": ""})})
				if !s.isRefused(byVariable, store.BadInput) || !strings.Contains(byVariable.raw, `"`+place.path) {
					t.Errorf("%s: a variable with $gt got %s", name, byVariable.raw)
				}
				// In a document $gt would be a variable's name, so this uses an operator of the API. The nested ne is invalid
				// even where an object with gt is valid.
				inDocument := s.ask(admin.token, string(operation)+" { "+
					field.Name+"("+argument.Name+": "+literal(place.build(map[string]any{"gt": map[string]any{"ne": ""}}))+")"+selection+" }", nil)
				if !s.isRefused(inDocument, apierror.ValidationFailed, store.BadInput) {
					t.Errorf("%s: a literal operator got %s", name, inDocument.raw)
				}
			}
		})
		if n < 500 {
			t.Errorf("only %d places were tried, want more", n)
		}
	})
}

// isRefused reports whether the response has no data and one of the codes, and reveals nothing about the program.
func (s *server) isRefused(a answer, codes ...store.Code) bool {
	s.t.Helper()
	s.wantNoLeak(a)
	if len(a.Errors) == 0 || a.Data != nil {
		return false
	}
	for _, found := range a.Errors {
		known := false
		for _, code := range codes {
			known = known || found.Extensions.Code == string(code)
		}
		if !known {
			return false
		}
	}
	return true
}

// TestNullInFilter sends null in place of every condition: if that meant no condition, it would match everything.
func TestNullInFilter(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		schema := graph.NewExecutableSchema(graph.Config{}).Schema()
		n := 0
		eachArgument(schema, func(_ ast.Operation, field *ast.FieldDefinition, argument *ast.ArgumentDefinition) {
			if argument.Name != "where" {
				return
			}
			for _, place := range places(schema, "where", argument.Type, map[string]bool{})[1:] {
				n++
				value := place.build(nil)
				for how, a := range map[string]answer{
					"a variable": s.ask(admin.token, "query($where: "+argument.Type.String()+") { "+field.Name+"(where: $where) { totalCount } }", variables{"where": value}),
					"a literal":  s.ask(admin.token, "{ "+field.Name+"(where: "+literal(value)+") { totalCount } }", nil),
				} {
					if len(a.Errors) != 1 || a.at(field.Name) != nil || len(paths(a.Errors[0])) != 1 || paths(a.Errors[0])[0] != place.path {
						t.Errorf("%s with null at %s by %s got %s", field.Name, place.path, how, a.raw)
					}
				}
			}
		})
		if n < 500 {
			t.Errorf("only %d places were tried, want more", n)
		}
	})
}

// TestOperatorInCredentials tries the classic injection attacks on a log-in.
func TestOperatorInCredentials(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		for _, wrong := range []any{map[string]any{"$ne": ""}, map[string]any{"$regex": "^r"}, []any{"a", "b"}, true, 5} {
			for _, field := range []string{"email", "password"} {
				a := s.mutate("", "logInUser", with(variables{"email": admin.email, "password": password}, variables{field: wrong}), "user { id }")
				s.wantProblem(a, store.BadInput, "input."+field, "must be a string")
			}
		}
		for _, text := range []string{`{"$ne": ""}`, ".*", "%", "_", "' OR '1'='1", `" || ""=="`, "\x00", admin.email + "\x00", ""} {
			a := s.mutate("", "logInUser", variables{"email": text, "password": password}, "user { id }")
			s.wantProblem(a, store.Unauthenticated, "", "wrong address or password")
			a = s.mutate("", "logInUser", variables{"email": "nobody@example.org", "password": text}, "user { id }")
			s.wantProblem(a, store.Unauthenticated, "", "wrong address or password")
			a = s.mutate("", "refresh", variables{"refreshToken": text}, "viewer { __typename }")
			s.wantProblem(a, store.Unauthenticated, "", "refresh token is not valid")
		}
	})
}
