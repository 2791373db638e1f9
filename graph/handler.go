package graph

import (
	"context"
	"log/slog"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"crm/db/entity"
	"crm/graph/document"
	"crm/graph/transport"
)

// HandlerConfig configures the GraphQL handler. Only Resolvers is required.
type HandlerConfig struct {
	Resolvers ResolverRoot
	// NewOperation adds to the context what lives as long as one operation: its documents in groups of siblings.
	NewOperation func(ctx context.Context) context.Context
	// Introspection lets clients read the schema, and adds suggestions to errors.
	Introspection bool
	// ShowCost adds extensions.cost to each response; the header X-GraphQL-Cost overrides it for one request.
	ShowCost bool
	// Logger writes a line for each operation; slog's default if nil.
	Logger *slog.Logger
	// LogSlow is how long an operation takes at least that is logged as slow; zero means none is.
	LogSlow time.Duration
	// Observer is told about each operation; nil for none.
	Observer Observer
	// Tracer is told when an operation begins; nil for none.
	Tracer Tracer
	Limits Limits
	// TrustedDocuments, if not nil, are the only documents that are run. They alone then decide about introspection.
	TrustedDocuments *document.Trusted
	// Batching lets a request contain a list of operations.
	Batching bool
	// Origins are the origins whose pages may open sockets, besides this host's own.
	Origins transport.Origins
	// Authenticator checks the tokens of connection_init, and whether those of open streams are still valid. If it is nil,
	// connection_init takes no tokens.
	Authenticator transport.Authenticator
	// Memory keeps the responses to queries; nil for none.
	Memory Memory
	// NoFastPath leaves everything to gqlgen's executor, for comparison.
	NoFastPath bool
}

// NewHandler returns the handler for GraphQL over HTTP.
func NewHandler(config HandlerConfig) *transport.Handler {
	return transport.NewHandler(transport.Config{
		Executor: NewExecutor(config), Limits: config.Limits.Transport, Logger: config.Logger,
		Batching: config.Batching, Origins: config.Origins, Authenticator: config.Authenticator,
	})
}

// NewExecutor returns the executor that NewHandler uses, for use by other transports.
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
	reporter := reporter{log: config.Logger, slow: config.LogSlow, observer: config.Observer, tracer: config.Tracer}
	documents := document.NewLoader(document.Config{
		Schema: executable.Schema(), Limits: config.Limits.Document, Introspection: config.Introspection,
		Trusted: config.TrustedDocuments, Pages: document.Pages{Default: entity.DefaultPage, Max: entity.MaxPage},
	})
	resolve := func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) }
	if executable, ok := executable.(*executableSchema); ok && !config.NoFastPath {
		resolve = newFastPath(executable, presenter).resolve
	}
	return &Executor{
		schema: executable, documents: documents, trusted: config.TrustedDocuments != nil,
		budgets: newBudgets(config.Limits.CostPerMinute), introspection: config.Introspection, showCost: config.ShowCost,
		limits: config.Limits, newOperation: config.NewOperation, resolve: resolve,
		present: presenter.present, recover: presenter.recover, reporter: reporter,
		memory: config.Memory,
	}
}
