package graph

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/graph/schemadiff"
)

// The file of the last released schema begins with its version, or with notReleased before the first release.
const (
	releasedFile   = "testdata/released.graphqls"
	changelogFile  = "../CHANGELOG.md"
	releasedHeader = "# The schema as it was released with: "
	notReleased    = "nothing yet"
)

// TestReleasedClientsKeepWorking compares the schema with the last released one. CONTRIBUTING.md says what to do if it
// fails.
func TestReleasedClientsKeepWorking(t *testing.T) {
	t.Parallel()
	released, err := gqlparser.LoadSchema(&ast.Source{Name: releasedFile, Input: readText(t, releasedFile)})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range unannounced(schemadiff.Breaking(released, ServedSchema()), readText(t, changelogFile)) {
		t.Error(problem)
	}
}

// If a release forgot to save its schema, the next one would be compared with an older one.
func TestReleasedSchemaIsTheLast(t *testing.T) {
	t.Parallel()
	first, _, _ := strings.Cut(readText(t, releasedFile), "\n")
	if want := releasedHeader + lastRelease(readText(t, changelogFile)); first != want {
		t.Errorf("%s begins with %q, want %q: see Releases in CONTRIBUTING.md", releasedFile, first, want)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unannounced returns an instruction for each breaking change that was not announced.
func unannounced(changes []schemadiff.Change, changelog string) []string {
	var problems []string
	named := codeIn(section(section(changelog, "## Unreleased"), "### Breaking"))
	for _, change := range changes {
		if change.Sudden {
			problems = append(problems, fmt.Sprintf("%s, and the released schema doesn't deprecate it:\nkeep it for a release, with "+
				"@deprecated(reason: \"…\") that names what replaces it", change))
			continue
		}
		if !slices.Contains(named, change.Coordinate) {
			problems = append(problems, fmt.Sprintf("%s, which breaks clients: undo it, or say in CHANGELOG.md below "+
				"\"## Unreleased\", \"### Breaking\" what clients must do:\n- `%s`: …", change, change.Coordinate))
		}
	}
	return problems
}

// section returns the text of a Markdown document below a heading, up to the next heading of that level.
func section(document, heading string) string {
	_, rest, _ := strings.Cut("\n"+document, "\n"+heading+"\n")
	level, _, _ := strings.Cut(heading, " ")
	text, _, _ := strings.Cut("\n"+rest, "\n"+level+" ")
	return text
}

var codeSpan = regexp.MustCompile("`([^`\n]+)`")

// codeIn returns the code spans of a text.
func codeIn(text string) []string {
	var found []string
	for _, span := range codeSpan.FindAllStringSubmatch(text, -1) {
		found = append(found, span[1])
	}
	return found
}

var releaseHeading = regexp.MustCompile(`(?m)^## v?(\d+\.\d+\.\d+\S*)`)

// lastRelease returns the newest version in the change log.
func lastRelease(changelog string) string {
	if heading := releaseHeading.FindStringSubmatch(changelog); heading != nil {
		return heading[1]
	}
	return notReleased
}

func TestUnannounced(t *testing.T) {
	t.Parallel()
	const changelog = "# Changelog\n\n## Unreleased\n\n- `Customer.fax`\n\n### Breaking\n\n" +
		"- `Customer.phone`: ask for `Customer.phones`.\n- `Query.user(id:)`\n- `E.OLD`\n\n### Fixed\n\n- `Customer.name`\n\n" +
		"## 1.1.0 (2025-01-01)\n\n### Breaking\n\n- `Customer.company`\n\n## 1.0.0\n"
	for change, want := range map[schemadiff.Change]string{
		{Coordinate: "Customer.phone", Message: "the field was removed"}:                 "",
		{Coordinate: "Query.user(id:)", Message: "the argument was removed"}:             "",
		{Coordinate: "Query.user", Message: "the type changed from A to B"}:              "- `Query.user`: …",
		{Coordinate: "Customer.fax", Message: "the field was removed"}:                   "- `Customer.fax`: …",
		{Coordinate: "Customer.name", Message: "the field was removed"}:                  "- `Customer.name`: …",
		{Coordinate: "Customer.company", Message: "the field was removed"}:               "- `Customer.company`: …",
		{Coordinate: "E.OLD", Message: "the value was removed", Sudden: true}:            "@deprecated",
		{Coordinate: "Customer.name", Message: "the field was removed", Sudden: true}:    "@deprecated",
		{Coordinate: "Customer", Message: "it no longer implements Node"}:                "- `Customer`: …",
		{Coordinate: "Customer.phones", Message: "the type changed from [Int!]! to Int"}: "",
	} {
		problems := unannounced([]schemadiff.Change{change}, changelog)
		if (want == "") != (len(problems) == 0) || !strings.Contains(strings.Join(problems, ""), want) {
			t.Errorf("%s: got %q, want %q", change, problems, want)
		}
	}
	if got := unannounced([]schemadiff.Change{{Coordinate: "A.b"}}, "# Changelog\n"); len(got) != 1 {
		t.Errorf("without the section, got %q", got)
	}
	if got := lastRelease(changelog); got != "1.1.0" {
		t.Errorf("the last release is %q, want 1.1.0", got)
	}
}
