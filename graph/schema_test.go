package graph

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// Default deny: every root field must declare who may use it.
func TestRootFieldsDeclareAccess(t *testing.T) {
	t.Parallel()
	schema := ServedSchema()
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root == nil {
			continue
		}
		for _, field := range root.Fields {
			public, roles := field.Directives.ForName("public"), field.Directives.ForName("hasRole")
			isBuiltin := strings.HasPrefix(field.Name, "__")
			if !isBuiltin && (public == nil) == (roles == nil) {
				t.Errorf("%s.%s must carry either @public or @hasRole", root.Name, field.Name)
			}
		}
	}
}

func TestNoOutputFieldExposesSecrets(t *testing.T) {
	t.Parallel()
	secret := regexp.MustCompile(`(?i)password|hash|secret|token`)
	// These are only in the payloads of mutations that issue what they contain, once.
	issued := []string{"Tokens", "TwoFactorChallenge", "StartTwoFactorPayload"}
	for name, definition := range ServedSchema().Types {
		if definition.IsInputType() || slices.Contains(issued, name) {
			continue
		}
		for _, field := range definition.Fields {
			// Payloads contain tokens only in the type Tokens.
			if secret.MatchString(field.Name) && field.Type.Name() != "Tokens" && name != "Mutation" {
				t.Errorf("the name of %s.%s suggests a secret", name, field.Name)
			}
		}
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	schema := ServedSchema()
	check := func(description string, path ...string) {
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", strings.Join(path, "."))
		}
	}
	check(schema.Description, "schema")
	for name, directive := range schema.Directives {
		check(directive.Description, "@"+name)
		for _, argument := range directive.Arguments {
			check(argument.Description, "@"+name, argument.Name)
		}
	}
	for name, definition := range schema.Types {
		if definition.BuiltIn {
			continue
		}
		check(definition.Description, name)
		for _, value := range definition.EnumValues {
			check(value.Description, name, value.Name)
		}
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			check(field.Description, name, field.Name)
			for _, argument := range field.Arguments {
				check(argument.Description, name, field.Name, argument.Name)
			}
		}
	}
}

func TestServedDirectives(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Introspection: true})
	got := server.query(`{__schema{directives{name}}}`)
	for _, name := range regexp.MustCompile(`"name":"(\w+)"`).FindAllStringSubmatch(got.body, -1) {
		switch name[1] {
		case "skip", "include", "deprecated", "specifiedBy", "oneOf", "public", "hasRole":
		default:
			t.Errorf("@%s is served", name[1])
		}
	}
	if got := server.query(`{...@defer{__typename}}`); got.codes() != "GRAPHQL_VALIDATION_FAILED" {
		t.Errorf("@defer got %s", got.body)
	}
}
