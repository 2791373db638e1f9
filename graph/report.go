package graph

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph/apierror"
	"crm/graph/transport"
)

// Observer is told about every operation, for metrics.
type Observer interface {
	// Operation is called when an operation has been answered or refused, and for each change that
	// subscriptions send: once for all that share the response.
	Operation(o Operation)
}

// Tracer is told when an operation begins, for traces.
type Tracer interface {
	// Begin is called for each query and mutation, with the time at which its request arrived, and for each operation that is refused.
	// The operation runs with the context that it returns; end is called with what an Observer learns.
	Begin(ctx context.Context, began time.Time) (running context.Context, end func(o Operation))
}

// Operation is what an Observer learns about an operation.
type Operation struct {
	// Name is the name that the client has given to it; empty if there is none, or if the document isn't valid.
	Name string
	// Kind is empty if the document isn't valid.
	Kind ast.Operation
	// Anonymous says that nobody is logged in.
	Anonymous bool
	// Codes are the codes of its errors, each once.
	Codes []store.Code
	// Duration is how long it took; zero for what a subscription sends, which has mostly waited.
	Duration time.Duration
	// Complexity and StoreCalls are what extensions.cost shows.
	Complexity, StoreCalls int
}

// reporter tells the log and the observer about operations.
type reporter struct {
	log *slog.Logger
	// slow is how long an operation takes at least that is logged as slow; zero means none is.
	slow time.Duration
	// observer and tracer are nil if there is none.
	observer Observer
	tracer   Tracer
}

// begin tells the tracer that an operation begins, and returns the context to run it with. What a subscription sends isn't traced: it
// has mostly waited.
func (r reporter) begin(ctx context.Context) (running context.Context, end func(Operation)) {
	if r.tracer == nil {
		return ctx, func(Operation) {}
	}
	began := time.Now()
	if graphql.HasOperationContext(ctx) {
		operation := graphql.GetOperationContext(ctx)
		if definition := operation.Operation; definition != nil && definition.Operation == ast.Subscription {
			return ctx, func(Operation) {}
		}
		if start := operation.Stats.OperationStart; !start.IsZero() {
			began = start
		}
	}
	return r.tracer.Begin(ctx, began)
}

// report reports an operation, and ends its trace. calls is nil for a refused operation.
func (r reporter) report(ctx context.Context, response *graphql.Response, calls *entity.Calls, end func(Operation)) {
	if r.observer == nil && r.tracer == nil && !r.log.Enabled(ctx, slog.LevelWarn) {
		return
	}
	viewer, _ := auth.ViewerFrom(ctx)
	o := Operation{Anonymous: viewer.Role == "", Codes: errorCodes(response), Complexity: stateOf(ctx).complexity}
	if calls != nil {
		o.StoreCalls = calls.Count()
	}
	if graphql.HasOperationContext(ctx) {
		o.read(graphql.GetOperationContext(ctx))
	}
	if r.observer != nil {
		r.observer.Operation(o)
	}
	end(o)
	r.line(ctx, o, viewer, calls != nil)
}

// read reads what gqlgen knows about the operation.
func (o *Operation) read(operation *graphql.OperationContext) {
	if definition := operation.Operation; definition != nil {
		o.Name, o.Kind = definition.Name, definition.Operation
	}
	if start := operation.Stats.OperationStart; !start.IsZero() && o.Kind != ast.Subscription {
		o.Duration = time.Since(start)
	}
}

// line writes one line about an operation: its name, viewer and outcome, but neither the query nor the variables, which may
// contain passwords. A slow operation has the hash of its document instead, which is also what persisted queries use.
func (r reporter) line(ctx context.Context, o Operation, viewer auth.Viewer, executed bool) {
	level, message := slog.LevelInfo, "operation"
	slow := r.slow > 0 && o.Duration >= r.slow
	if slow {
		level, message = slog.LevelWarn, "slow operation"
	}
	if !r.log.Enabled(ctx, level) {
		return
	}
	attributes := make([]slog.Attr, 0, 11)
	attributes = append(attributes, slog.String("requestId", transport.RequestID(ctx)))
	if o.Kind != "" {
		attributes = append(attributes, slog.String("operation", apierror.Shorten(o.Name)), slog.String("type", string(o.Kind)))
	}
	if o.Duration > 0 {
		attributes = append(attributes, slog.Duration("duration", o.Duration))
	}
	if doc := stateOf(ctx).document; slow && doc != nil {
		attributes = append(attributes, slog.String("documentHash", doc.Hash()))
	}
	if o.Complexity > 0 {
		attributes = append(attributes, slog.Int("complexity", o.Complexity))
	}
	if executed {
		attributes = append(attributes, slog.Int("storeCalls", o.StoreCalls))
	}
	if viewer.Role != "" {
		attributes = append(attributes, slog.String("role", string(viewer.Role)), slog.String("viewer", viewerID(viewer)))
	}
	if viewer.Key {
		attributes = append(attributes, slog.String("apiKey", db.KindAPIKey.GlobalID(viewer.Session)))
	}
	if len(o.Codes) > 0 {
		attributes = append(attributes, slog.Any("errors", o.Codes))
	}
	r.log.LogAttrs(ctx, level, message, attributes...)
}

func viewerID(viewer auth.Viewer) string {
	if viewer.Role.IsStaff() {
		return db.KindUser.GlobalID(viewer.Account)
	}
	return db.KindCustomer.GlobalID(viewer.Account)
}

// errorCodes returns the codes of the response's errors, each once.
func errorCodes(response *graphql.Response) []store.Code {
	var codes []store.Code
	for _, err := range response.Errors {
		if code := apierror.CodeOf(err); !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}
