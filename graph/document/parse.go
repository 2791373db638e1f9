package document

import (
	"errors"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"

	"crm/db/store"
	"crm/graph/apierror"
)

// longSource is the minimum length of a document whose tokens are counted before parsing.
const longSource = 16 << 10

func (l *Loader) parse(source string) (*ast.QueryDocument, *gqlerror.Error) {
	const byteOrderMark = "\ufeff" // which a document may begin with
	source = strings.TrimPrefix(source, byteOrderMark)
	if len(source) >= longSource && hasMoreTokens(source, l.limits.Tokens) {
		return nil, l.tooManyTokens()
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: source}, l.limits.Tokens)
	if err != nil {
		return nil, l.parseError(err)
	}
	if err := checkUnicode(source); err != nil {
		return nil, err
	}
	if len(doc.Operations) == 0 {
		return nil, apierror.Coded(store.Errorf(apierror.ParseFailed, "Syntax Error: the document has no operation."))
	}
	return doc, nil
}

// hasMoreTokens reports whether the beginning of a document has more tokens than allowed. It takes a fifth of the parser's
// time and none of its memory. It reads at most 16 bytes per allowed token, more than most tokens have; the parser counts
// the tokens of longer documents.
func hasMoreTokens(source string, limit int) bool {
	if limit >= len(source) {
		return false
	}
	const bytesPerToken = 16
	if limit < len(source)/bytesPerToken {
		source = source[:limit*bytesPerToken]
	}
	reader := lexer.New(&ast.Source{Input: source})
	for range limit + 1 {
		if token, err := reader.ReadToken(); err != nil || token.Kind == lexer.EOF {
			return false
		}
	}
	return true
}

func (l *Loader) tooManyTokens() *gqlerror.Error {
	return apierror.Coded(store.Errorf(apierror.QueryTooComplex,
		"the document has more than %[1]d tokens; at most %[1]d are allowed", l.limits.Tokens))
}

// parseError distinguishes syntax errors from errors of the parser's two limits, which have no type of their own.
func (l *Loader) parseError(err error) *gqlerror.Error {
	var syntax *gqlerror.Error
	if !errors.As(err, &syntax) {
		return apierror.Coded(store.Errorf(apierror.ParseFailed, "Syntax Error."))
	}
	switch {
	case strings.HasPrefix(syntax.Message, "exceeded token limit"):
		return l.tooManyTokens()
	case strings.HasPrefix(syntax.Message, "exceeded maximum nesting depth"):
		return apierror.Coded(store.Errorf(apierror.QueryTooComplex,
			"the operation's depth is more than %d; at most %d is allowed", parser.MaxNestingDepth, l.limits.Depth))
	}
	presented := apierror.Coded(store.Errorf(apierror.ParseFailed, "Syntax Error: %s", shortenMessage(syntax.Message)))
	presented.Locations = syntax.Locations
	return presented
}
