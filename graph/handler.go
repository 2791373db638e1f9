package graph

import (
	"context"
	"log/slog"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/entity"
	"crm/graph/document"
	"crm/graph/transport"
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
	// TrustedDocuments are the only ones that are run, if not nil. Introspection is then what they have of it.
	TrustedDocuments *document.Trusted
	// Origins are those whose pages may open sockets, besides this host's own.
	Origins transport.Origins
	// Authenticator knows the tokens that come by connection_init, and whether those of open streams are still good. If it
	// is nil, there are no tokens by connection_init.
	Authenticator transport.Authenticator
	// NoFastPath leaves everything to gqlgen's executor, for comparing with it.
	NoFastPath bool
}

// NewHandler returns what answers GraphQL over HTTP.
func NewHandler(config HandlerConfig) *transport.Handler {
	return transport.NewHandler(transport.Config{
		Executor: NewExecutor(config), Limits: config.Limits.Transport, Logger: config.Logger,
		Origins: config.Origins, Authenticator: config.Authenticator,
	})
}

// NewExecutor returns what runs operations for NewHandler, for other transports to run them the same way.
func NewExecutor(config HandlerConfig) *Executor {
	return newExecutor(NewExecutableSchema(Config{
		Schema: ServedSchema(), Resolvers: config.Resolvers, Directives: DirectiveRoot{HasRole: HasRole},
	}), config)
}

func newExecutor(executable graphql.ExecutableSchema, config HandlerConfig) *Executor {
	config.Limits = config.Limits.withDefaults()
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	presenter := presenter{log: config.Logger}
	documents := document.NewLoader(document.Config{
		Schema: executable.Schema(), Limits: config.Limits.Document, Introspection: config.Introspection,
		Trusted: config.TrustedDocuments, Pages: document.Pages{Default: entity.DefaultPage, Max: entity.MaxPage},
	})
	inner := executor.New(executable)
	inner.SetErrorPresenter(presenter.present)
	inner.SetRecoverFunc(presenter.recover)
	inner.SetQueryCache(contextDocuments{})
	inner.Use(&operations{config: config})
	inner.Use(answerLimits{limits: config.Limits})
	if executable, ok := executable.(*executableSchema); ok && !config.NoFastPath {
		inner.Use(newFastPath(executable, presenter))
	}
	return &Executor{
		inner: inner, budgets: newBudgets(config.Limits.CostPerMinute), introspection: config.Introspection,
		documents: documents, trusted: config.TrustedDocuments != nil, presenter: presenter, log: config.Logger,
	}
}

// ServedSchema returns the schema as clients see it. It is without the parser's @defer: over plain HTTP the deferred
// part of an answer would be lost. And it is without Float, which nothing uses: the GraphQL specification has a schema
// show only those built-in scalars that it uses.
func ServedSchema() *ast.Schema {
	schema := *NewExecutableSchema(Config{}).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	schema.Types = maps.Clone(schema.Types)
	delete(schema.Types, "Float")
	return &schema
}
