package document

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
	"crm/graph/apierror"
)

// Config configures a Loader.
type Config struct {
	Schema *ast.Schema
	Limits Limits
	Pages  Pages
	// Introspection lets documents read the schema, and errors name parts of it.
	Introspection bool
	// Trusted, if not nil, are the only documents that Find returns.
	Trusted *Trusted
}

// Loader finds the documents of requests.
type Loader struct {
	schema        *ast.Schema
	limits        Limits
	pages         Pages
	introspection bool
	validator     *validator
	cache         *documentCache
	registered    registeredQueries
	trusted       *Trusted
}

// NewLoader returns a loader with an empty cache.
func NewLoader(config Config) *Loader {
	limits := config.Limits.WithDefaults()
	return &Loader{
		schema: config.Schema, limits: limits, pages: config.Pages, introspection: config.Introspection,
		validator: newValidator(config.Schema, limits, config.Introspection),
		cache:     newDocumentCache(), registered: newRegisteredQueries(), trusted: config.Trusted,
	}
}

// Find returns the document that a request contains or names, and sets its text in the parameters.
func (l *Loader) Find(params *graphql.RawParams) (*Document, gqlerror.List) {
	if len(params.Extensions) == 0 && l.trusted == nil {
		doc, errs := l.load(params.Query)
		if len(errs) == 0 {
			params.Query = doc.text // subscriptions keep the text: this lets all of them share one copy
		}
		return doc, errs
	}
	name, err := readDocumentName(params)
	if err != nil {
		return nil, gqlerror.List{apierror.FromError(err)}
	}
	if l.trusted != nil {
		doc, err := l.trusted.find(params.Query, name)
		if err != nil {
			return nil, gqlerror.List{apierror.FromError(err)}
		}
		params.Query = doc.text
		return doc, nil
	}
	if params.Query, err = l.registered.text(params.Query, name); err != nil {
		return nil, gqlerror.List{apierror.FromError(err)}
	}
	doc, errs := l.load(params.Query)
	if len(errs) == 0 {
		l.registered.register(doc.text, name)
	}
	return doc, errs
}

// load returns the document, or all its errors.
func (l *Loader) load(source string) (*Document, gqlerror.List) {
	if doc, ok := l.cache.get(source); ok {
		return doc, nil
	}
	parsed, err := l.parse(source)
	if err != nil {
		return nil, gqlerror.List{err}
	}
	for _, checkLimits := range []func(*ast.QueryDocument, Limits) *store.Error{checkStats, checkDuplicateFields} {
		if err := checkLimits(parsed, l.limits); err != nil {
			return nil, gqlerror.List{apierror.Coded(err)}
		}
	}
	if errs := l.validator.validate(parsed, source); len(errs) > 0 {
		return nil, errs
	}
	doc := &Document{QueryDocument: parsed, text: source, nonNull: l.validator.nonNullVariables(parsed)}
	doc.describeSelections()
	l.cache.add(source, doc)
	return doc, nil
}

// CheckParams checks the parts that differ between requests for one document: the operation name and the variables.
func (l *Loader) CheckParams(doc *Document, params *graphql.RawParams) error {
	operation := doc.Operations.ForName(params.OperationName)
	switch {
	case operation == nil && params.OperationName == "":
		return store.FieldError(store.BadInput, operationNameParam, "is required, because the document has several operations")
	case operation == nil:
		return store.FieldError(store.BadInput, operationNameParam, "is not the name of an operation in the document")
	}
	checker := inputChecker{schema: l.schema, namesValues: l.introspection, maxDepth: l.limits.Depth}
	return checker.checkVariables(operation, params.Variables, doc.nonNull)
}

// Complexity returns the cost of an operation of the document, and an error if it is above the limit.
func (l *Loader) Complexity(doc *Document, operation *ast.OperationDefinition, variables map[string]any) (int, *store.Error) {
	complexity := complexityOf(l.schema, l.pages, doc.QueryDocument, operation, variables)
	return complexity, check("the operation's complexity", complexity, l.limits.Complexity)
}
