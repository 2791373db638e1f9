package document

import (
	"strings"
	"testing"
)

// TestUnicodeOfDocuments checks that texts reach the resolvers as they were sent, or not at all.
func TestUnicodeOfDocuments(t *testing.T) {
	t.Parallel()
	loader := newTestLoader(t, true, Limits{})
	for literal, valid := range map[string]bool{
		`"a\u00e4\n"`: true, `"\ud83d\ude00"`: true, `"\u{1F600}"`: true, `"\uFFFD"`: true, "\"\uFFFD\"": true, `"\\ud800"`: true,
		`"""\ud800"""`: true, `"ä\\\ud83d\ude00"`: true,
		`"\ud800"`: false, `"\udc00"`: false, `"\ude00\ud83d"`: false, `"\ud83dx"`: false, `"\ud83d\u0041"`: false, `"ä\ud83d\ud83d\ude00"`: false,
		`"\uD83D\\uDE00"`: false, `"\u{D800}"`: false, "\"\xff\"": false, "\"\xed\xa0\x80\"": false, "\"\"\"\xff\"\"\"": false,
	} {
		query := "# \\ud800\n{node(id:" + literal + "){id}}"
		code, message := loader.refusal(query)
		if valid && code != "" || !valid && (code != "GRAPHQL_PARSE_FAILED" || !strings.HasPrefix(message, "Syntax Error: ")) {
			t.Errorf("%q: %s %s", literal, code, message)
		}
	}
	_, errs := loader.load("{\n  node(id: \"ä\\ud800\") {id}}")
	if len(errs) != 1 || len(errs[0].Locations) != 1 || errs[0].Locations[0].Line != 2 || errs[0].Locations[0].Column != 12 {
		t.Errorf("the error is not located: %v", errs)
	}
}
