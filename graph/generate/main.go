// Command generate generates Go code from the schema and from the entities that package db declares: gqlgen's executor and
// models, the renderers of the fast path, and the resolvers that can be derived. Run db/generate before it.
package main

import (
	"fmt"
	"os"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	settings, err := config.LoadConfigFromDefaultLocations()
	if err != nil {
		return fmt.Errorf("cannot load gqlgen.yml: %w", err)
	}
	// This finds all errors in the declarations before gqlgen removes the files that it generates.
	m, err := newModel(settings)
	if err != nil {
		return err
	}
	m.bind()
	written, err := handWritten("resolvers")
	if err != nil {
		return err
	}
	types := newWriter("crm/graph")
	m.graphTypes(types)
	m.handWrittenFields(types, written)
	if err := types.save("graph/entities_gen.go", "graph"); err != nil {
		return err
	}
	methods := newWriter("crm/resolvers")
	m.resolvers(methods, written)
	if err := methods.save("resolvers/entities_gen.go", "resolvers"); err != nil {
		return err
	}
	if err := api.Generate(settings, api.AddPlugin(renderers{filename: "graph/render_gen.go"})); err != nil {
		return err
	}
	return parseSchemaLazily(settings.Exec.Filename)
}
