// Command generate makes Go of the schema and of the entities that package db declares: gqlgen's executor and models, the
// renderers of the fast path, and the resolvers that follow from the declarations. db/generate runs before it.
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
	// All that can be wrong with the declarations is found here, for gqlgen removes what it generates first.
	m, err := newModel(settings)
	if err != nil {
		return err
	}
	m.bind()
	types := newWriter("crm/graph")
	m.graphTypes(types)
	if err := types.save("graph/entities_gen.go", "graph"); err != nil {
		return err
	}
	written, err := handWritten("resolvers")
	if err != nil {
		return err
	}
	methods := newWriter("crm/resolvers")
	m.resolvers(methods, written)
	if err := methods.save("resolvers/entities_gen.go", "resolvers"); err != nil {
		return err
	}
	return api.Generate(settings, api.AddPlugin(renderers{filename: "graph/render_gen.go"}))
}
