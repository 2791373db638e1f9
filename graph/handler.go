package graph

import (
	"context"
	"log/slog"
	"maps"
	"net/http"

	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
)

// HandlerConfig says what the GraphQL handler works with. Only Resolvers is required.
type HandlerConfig struct {
	Resolvers ResolverRoot
	// NewOperation puts what lives as long as one operation into its context: the loaders.
	NewOperation func(ctx context.Context) context.Context
	// Introspection lets clients read the schema, also by suggestions in errors.
	Introspection bool
	// ShowCost puts extensions.cost into each answer; the header X-GraphQL-Cost decides for one request.
	ShowCost bool
	// Logger gets a line for each operation; slog's default if nil.
	Logger *slog.Logger
	Limits Limits
	// NoFastPath leaves everything to gqlgen's executor, for comparing with it.
	NoFastPath bool
}

// NewHandler returns the handler that answers GraphQL over HTTP.
func NewHandler(config HandlerConfig) http.Handler {
	return WithRequestID(&httpTransport{exec: NewExecutor(config)})
}

// NewExecutor returns what runs operations for NewHandler, for other transports to run them the same way.
func NewExecutor(config HandlerConfig) *Executor {
	config.Limits = config.Limits.withDefaults()
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	schema := servedSchema()
	presenter := presenter{log: config.Logger}
	executable := NewExecutableSchema(Config{
		Schema: schema, Resolvers: config.Resolvers, Directives: DirectiveRoot{HasRole: HasRole},
	})
	inner := executor.New(executable)
	inner.SetErrorPresenter(presenter.present)
	inner.SetRecoverFunc(presenter.recover)
	inner.SetQueryCache(contextDocuments{})
	inner.Use(operations{config: config})
	if executable, ok := executable.(*executableSchema); ok && !config.NoFastPath {
		inner.Use(newFastPath(executable))
	}
	return &Executor{
		inner: inner, schema: schema, limits: config.Limits, introspection: config.Introspection,
		documents: &documents{
			limits: config.Limits, cache: newDocumentCache(),
			validator: newValidator(schema, config.Limits, config.Introspection),
		},
		presenter: presenter, log: config.Logger,
	}
}

// servedSchema returns the schema as clients see it. It is without the parser's @defer: over plain HTTP the deferred
// part of an answer would be lost. And it is without Float, which nothing uses: the GraphQL specification has a schema
// show only those built-in scalars that it uses.
func servedSchema() *ast.Schema {
	schema := *NewExecutableSchema(Config{}).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	schema.Types = maps.Clone(schema.Types)
	delete(schema.Types, "Float")
	return &schema
}
