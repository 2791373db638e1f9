package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestImports enforces the table in CONTRIBUTING.md of the imports that each package may have.
func TestImports(t *testing.T) {
	t.Parallel()
	allowed := allowedImports(t)
	output, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(output))); decoder.More(); {
		var listed struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&listed); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(listed.ImportPath, "crm/")
		if name == "crm" || strings.HasPrefix(name, "bench") || name == "e2e" {
			continue // the program, and packages that run all of it
		}
		may, known := allowed[name]
		if !known {
			t.Errorf("%s isn't in the table of imports", name)
		}
		for _, path := range listed.Imports {
			if imported, ours := strings.CutPrefix(path, "crm/"); ours && !slices.Contains(may, imported) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}

// allowedImports reads the table.
func allowedImports(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| package | may import |\n|---|---|\n")
	if !found {
		t.Fatal("there is no table of imports")
	}
	allowed := make(map[string][]string)
	names := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(table) {
		packages, imports, isRow := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		if !isRow {
			break
		}
		for _, name := range names.FindAllStringSubmatch(packages, -1) {
			allowed[name[1]] = []string{}
			for _, imported := range names.FindAllStringSubmatch(imports, -1) {
				allowed[name[1]] = append(allowed[name[1]], imported[1])
			}
		}
	}
	return allowed
}
