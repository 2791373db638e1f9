package main

import (
	"bytes"
	"fmt"
	"os"
)

// parseSchemaLazily makes the executor that gqlgen generated parse the schema when it is first used, not whenever the program starts. Most
// commands need no schema, and parsing it took 14 of the 100 ms in which they start. gqlgen has no option for this.
func parseSchemaLazily(filename string) error {
	text, err := os.ReadFile(filename)
	if err != nil {
		return fmt.Errorf("cannot read the executor: %w", err)
	}
	for _, change := range [][2]string{
		{"\t\"sync/atomic\"\n", "\t\"sync\"\n\t\"sync/atomic\"\n"},
		{"\treturn parsedSchema\n", "\treturn parsedSchema()\n"},
		{"\t\tparsedSchema,\n", "\t\tparsedSchema(),\n"},
		{
			"var parsedSchema = gqlparser.MustLoadSchema(sources...)\n",
			"var parsedSchema = sync.OnceValue(func() *ast.Schema { return gqlparser.MustLoadSchema(sources...) })\n",
		},
	} {
		if bytes.Count(text, []byte(change[0])) != 1 {
			return fmt.Errorf("gqlgen's executor has changed: %q isn't in %s once", change[0], filename)
		}
		text = bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
	}
	return os.WriteFile(filename, text, 0o600)
}
