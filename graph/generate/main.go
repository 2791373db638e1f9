// Command generate makes Go of the schema: gqlgen's executor and models, and beside them the renderers of the fast path,
// from the same schema and bindings, so that the two can't drift apart.
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
	return api.Generate(settings, api.AddPlugin(renderers{filename: "graph/render_gen.go"}))
}
