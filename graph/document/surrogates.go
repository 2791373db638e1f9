package document

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"

	"crm/db/store"
	"crm/graph/apierror"
)

// checkUnicode refuses a document with bytes that aren't UTF-8, or with a string in which half of a surrogate pair is
// escaped. The parser would replace them. Every token of the source must be valid otherwise.
func checkUnicode(source string) *gqlerror.Error {
	if !utf8.ValidString(source) {
		return apierror.Coded(store.Errorf(apierror.ParseFailed, "Syntax Error: the document is not valid UTF-8."))
	}
	if !strings.Contains(source, `\u`) {
		return nil
	}
	reader := lexer.New(&ast.Source{Input: source})
	runes := []rune(source) // a token's position counts them
	for {
		token, err := reader.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return nil //nolint:nilerr // the parser reports it
		}
		if token.Kind != lexer.String || !hasHalfPair(string(runes[token.Pos.Start:token.Pos.End])) {
			continue
		}
		refused := apierror.Coded(store.Errorf(apierror.ParseFailed, "Syntax Error: the string has half of a surrogate pair."))
		refused.Locations = []gqlerror.Location{locationOf(runes[:token.Pos.Start])}
		return refused
	}
}

// locationOf returns the location of what follows a text.
func locationOf(before []rune) gqlerror.Location {
	location := gqlerror.Location{Line: 1, Column: 1}
	for _, r := range before {
		if location.Column++; r == '\n' {
			location = gqlerror.Location{Line: location.Line + 1, Column: 1}
		}
	}
	return location
}

// hasHalfPair reports whether an escape in a string is half of a surrogate pair without the other half.
func hasHalfPair(text string) bool {
	for {
		_, escape, found := strings.Cut(text, `\`)
		if !found || escape == "" {
			return false
		}
		code := escapedUnit(escape)
		if !utf16.IsSurrogate(code) {
			text = escape[1:]
			continue
		}
		rest := escape[len("uXXXX"):]
		if !strings.HasPrefix(rest, `\`) || utf16.DecodeRune(code, escapedUnit(rest[1:])) == utf8.RuneError {
			return true
		}
		text = rest[len(`\uXXXX`):]
	}
}

// escapedUnit returns the code unit of an escape like u00E4, and 0 for another escape.
func escapedUnit(escape string) rune {
	if len(escape) < len("uXXXX") || escape[0] != 'u' {
		return 0
	}
	code, err := strconv.ParseUint(escape[1:5], 16, 16)
	if err != nil {
		return 0
	}
	return rune(code)
}
