package graph

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"

	"crm/db/store"
	"crm/graph/apierror"
)

// document is a valid document, and what its variables may be.
type document struct {
	*ast.QueryDocument
	text string
	// nonNull has the variables that stand where null is not allowed. Their own type may allow it all the same, if they
	// or the place have a default; gqlgen would take null for an empty value there, or panic.
	nonNull map[*ast.VariableDefinition]bool
	// selected has the names of the fields that are selected on each type, anywhere in the document.
	selected map[string][]string
}

// documentExtension is under what name an operation's statistics have its document.
const documentExtension = "document"

// SelectedFields returns the names of the fields that the document of the operation in ctx selects on a type, at any
// place, so that no more is read than it can show.
func SelectedFields(ctx context.Context, typeName string) []string {
	doc, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(documentExtension).(*document)
	if !ok {
		return nil
	}
	return doc.selected[typeName]
}

// selectedFields returns the fields that a valid document selects, by type.
func selectedFields(doc *ast.QueryDocument) map[string][]string {
	selected := map[string][]string{}
	var visit func(set ast.SelectionSet)
	visit = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				name := selection.ObjectDefinition.Name
				if !slices.Contains(selected[name], selection.Name) {
					selected[name] = append(selected[name], selection.Name)
				}
				visit(selection.SelectionSet)
			case *ast.InlineFragment:
				visit(selection.SelectionSet)
			}
		}
	}
	for _, operation := range doc.Operations {
		visit(operation.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		visit(fragment.SelectionSet)
	}
	return selected
}

// documents turns the texts of queries into documents that are parsed, within the limits, and valid.
type documents struct {
	limits     Limits
	validator  *validator
	cache      *documentCache
	registered registeredQueries
	// trusted has the documents that may be run, or is nil if any may.
	trusted *TrustedDocuments
}

func newDocuments(limits Limits, validator *validator) *documents {
	return &documents{
		limits: limits, validator: validator, cache: newDocumentCache(), registered: newRegisteredQueries(),
	}
}

// find returns the document that a request has or names, and puts its text into the parameters.
func (d *documents) find(params *graphql.RawParams) (*document, gqlerror.List) {
	if len(params.Extensions) == 0 && d.trusted == nil {
		doc, errs := d.load(params.Query)
		if len(errs) == 0 {
			params.Query = doc.text // a subscription keeps it: one text does for all of them
		}
		return doc, errs
	}
	name, err := readDocumentName(params)
	if err != nil {
		return nil, gqlerror.List{apierror.FromError(err)}
	}
	if d.trusted != nil {
		doc, err := d.trusted.find(params.Query, name)
		if err != nil {
			return nil, gqlerror.List{apierror.FromError(err)}
		}
		params.Query = doc.text
		return doc, nil
	}
	if params.Query, err = d.registered.text(params.Query, name); err != nil {
		return nil, gqlerror.List{apierror.FromError(err)}
	}
	doc, errs := d.load(params.Query)
	if len(errs) == 0 {
		d.registered.register(doc.text, name)
	}
	return doc, errs
}

// load returns the document, or everything that is wrong with it.
func (d *documents) load(source string) (*document, gqlerror.List) {
	if doc, ok := d.cache.get(source); ok {
		return doc, nil
	}
	parsed, err := d.parse(source)
	if err != nil {
		return nil, gqlerror.List{err}
	}
	for _, checkLimits := range []func(*ast.QueryDocument, Limits) *store.Error{checkExtent, checkRepeats} {
		if err := checkLimits(parsed, d.limits); err != nil {
			return nil, gqlerror.List{apierror.Coded(err)}
		}
	}
	if errs := d.validator.validate(parsed, source); len(errs) > 0 {
		return nil, errs
	}
	doc := &document{
		QueryDocument: parsed, text: source,
		nonNull: d.validator.nonNullVariables(parsed), selected: selectedFields(parsed),
	}
	d.cache.add(source, doc)
	return doc, nil
}

func (d *documents) parse(source string) (*ast.QueryDocument, *gqlerror.Error) {
	if len(source) >= largeRequest && hasMoreTokens(source, d.limits.Tokens) {
		return nil, d.tooManyTokens()
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: source}, d.limits.Tokens)
	if err != nil {
		return nil, d.parseError(err)
	}
	if len(doc.Operations) == 0 {
		return nil, apierror.Coded(store.Errorf(apierror.ParseFailed, "Syntax Error: the document has no operation."))
	}
	return doc, nil
}

// hasMoreTokens reports whether the beginning of a document has more tokens than allowed, in a fifth of the time that the
// parser takes to find that, and without the memory for what it has read until then. It looks at 16 bytes for each token,
// which is more than most have; what is longer is left to the parser.
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

func (d *documents) tooManyTokens() *gqlerror.Error {
	return apierror.Coded(store.Errorf(apierror.QueryTooComplex,
		"the document has more than %[1]d tokens; at most %[1]d are allowed", d.limits.Tokens))
}

// parseError tells syntax errors from the parser's two limits, which have no type of their own.
func (d *documents) parseError(err error) *gqlerror.Error {
	var syntax *gqlerror.Error
	if !errors.As(err, &syntax) {
		return apierror.Coded(store.Errorf(apierror.ParseFailed, "Syntax Error."))
	}
	switch {
	case strings.HasPrefix(syntax.Message, "exceeded token limit"):
		return d.tooManyTokens()
	case strings.HasPrefix(syntax.Message, "exceeded maximum nesting depth"):
		return apierror.Coded(store.Errorf(apierror.QueryTooComplex,
			"the operation's depth is more than %d; at most %d is allowed", parser.MaxNestingDepth, d.limits.Depth))
	}
	shown := apierror.Coded(store.Errorf(apierror.ParseFailed, "Syntax Error: %s", shortenMessage(syntax.Message)))
	shown.Locations = syntax.Locations
	return shown
}
