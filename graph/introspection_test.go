package graph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// introspected is the result of an introspection query.
type introspected struct {
	Schema struct {
		Description string
		QueryType   struct{ Name string }
		Types       []struct {
			Kind, Name, Description string
			SpecifiedByURL          *string
			IsOneOf                 *bool
			InputFields, EnumValues []struct{ Name string }
		}
		Directives []struct {
			Name         string
			IsRepeatable *bool
			Locations    []string
		}
	} `json:"__schema"`
}

// TestIntrospection sends the query of clients and generators, and expects what the September 2025 specification defines.
func TestIntrospection(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Introspection: true})
	got := server.query(readText(t, "testdata/introspection.graphql"))
	var found introspected
	if err := json.Unmarshal(got.parsed.Data, &found); err != nil || len(got.parsed.Errors) > 0 {
		t.Fatalf("got %v and %s", err, got.body)
	}
	if found.Schema.Description == "" || found.Schema.QueryType.Name != "Query" {
		t.Errorf("the schema is described as %q, its queries are %q", found.Schema.Description, found.Schema.QueryType.Name)
	}
	schema := ServedSchema()
	reached := reachable(schema)
	for _, definition := range found.Schema.Types {
		served := schema.Types[definition.Name]
		if definition.IsOneOf == nil || *definition.IsOneOf != (served.Directives.ForName("oneOf") != nil) {
			t.Errorf("isOneOf of %s is wrong", definition.Name)
		}
		if (definition.SpecifiedByURL == nil) == (served.Directives.ForName("specifiedBy") != nil) {
			t.Errorf("specifiedByURL of %s is wrong", definition.Name)
		}
		if !reached[definition.Name] {
			t.Errorf("%s is listed but unused", definition.Name)
		}
		if definition.Description == "" || len(definition.InputFields) != 0 && len(definition.InputFields) != len(served.Fields) {
			t.Errorf("%s has the description %q and the fields %v", definition.Name, definition.Description, definition.InputFields)
		}
	}
	if schema.Types["CustomerBy"].Directives.ForName("oneOf") == nil {
		t.Error("no input is @oneOf: the test checks nothing")
	}
	for _, directive := range found.Schema.Directives {
		if directive.IsRepeatable == nil || *directive.IsRepeatable {
			t.Errorf("isRepeatable of @%s is wrong", directive.Name)
		}
	}
}

// directiveLocations are those of the September 2025 specification, section 4.
var directiveLocations = []string{
	"QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT", "VARIABLE_DEFINITION",
	"SCHEMA", "SCALAR", "OBJECT", "FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INTERFACE", "UNION", "ENUM", "ENUM_VALUE", "INPUT_OBJECT",
	"INPUT_FIELD_DEFINITION",
}

// TestIntrospectedLocations checks that introspection has no location that released clients don't know: some of them, such
// as graphql-core, can't build a schema with an unknown one.
func TestIntrospectedLocations(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Introspection: true})
	var found introspected
	if err := json.Unmarshal(server.query(readText(t, "testdata/introspection.graphql")).parsed.Data, &found); err != nil {
		t.Fatal(err)
	}
	for _, directive := range found.Schema.Directives {
		for _, location := range directive.Locations {
			if !slices.Contains(directiveLocations, location) {
				t.Errorf("@%s has the location %s", directive.Name, location)
			}
		}
	}
	for _, definition := range found.Schema.Types {
		if definition.Name != "__DirectiveLocation" {
			continue
		}
		var values []string
		for _, value := range definition.EnumValues {
			values = append(values, value.Name)
		}
		if !slices.Equal(values, directiveLocations) {
			t.Errorf("the locations are %v, want %v", values, directiveLocations)
		}
	}
}

// TestDescriptionsNameRoles checks that whoever reads the schema from the server learns who may use a field.
func TestDescriptionsNameRoles(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Introspection: true})
	for coordinate, want := range map[string]string{
		"Query.viewer":               "\nRoles: any, even without logging in.",
		"Query.tickets":              "\nRoles: `ADMIN`, `USER`, `CUSTOMER`.",
		"Query.mailHealth":           "\nRoles: `ADMIN`.",
		"Mutation.logOut":            "\nRoles: `ADMIN`, `USER`, `CUSTOMER`. Not with an API key.",
		"Subscription.ticketChanged": "\nRoles: `ADMIN`, `USER`, `CUSTOMER`.",
		"Ticket.deliveries":          "\nRoles: `ADMIN`, `USER`.",
		"Ticket.status":              "",
	} {
		typeName, fieldName, _ := strings.Cut(coordinate, ".")
		var found struct {
			Type struct {
				Fields []struct{ Name, Description string }
			} `json:"__type"`
		}
		got := server.query(fmt.Sprintf(`{__type(name: %q) {fields {name description}}}`, typeName))
		if err := json.Unmarshal(got.parsed.Data, &found); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(found.Type.Fields, func(field struct{ Name, Description string }) bool { return field.Name == fieldName })
		if i < 0 {
			t.Fatalf("there is no %s", coordinate)
		}
		written := NewExecutableSchema(Config{}).Schema().Types[typeName].Fields.ForName(fieldName).Description
		if got := found.Type.Fields[i].Description; written == "" || got != written+want {
			t.Errorf("%s is described as %q, want %q and %q", coordinate, got, written, want)
		}
	}
}
