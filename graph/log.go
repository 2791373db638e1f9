package graph

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph/apierror"
	"crm/graph/transport"
)

// logOperation writes one line about an operation: its name, viewer and outcome, but neither the query nor the variables,
// which may contain passwords. calls is nil for a refused operation.
func logOperation(ctx context.Context, log *slog.Logger, response *graphql.Response, calls *entity.Calls) {
	if !log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attributes := []slog.Attr{slog.String("requestId", transport.RequestID(ctx))}
	if graphql.HasOperationContext(ctx) {
		attributes = append(attributes, operationAttributes(graphql.GetOperationContext(ctx))...)
	}
	if complexity := stateOf(ctx).complexity; complexity > 0 {
		attributes = append(attributes, slog.Int("complexity", complexity))
	}
	if calls != nil {
		attributes = append(attributes, slog.Int("storeCalls", calls.Count()))
	}
	if viewer, _ := auth.ViewerFrom(ctx); viewer.Role != "" {
		attributes = append(attributes, slog.String("role", string(viewer.Role)), slog.String("viewer", viewerID(viewer)))
	}
	if codes := errorCodes(response); len(codes) > 0 {
		attributes = append(attributes, slog.Any("errors", codes))
	}
	log.LogAttrs(ctx, slog.LevelInfo, "operation", attributes...)
}

func operationAttributes(operation *graphql.OperationContext) []slog.Attr {
	var attributes []slog.Attr
	if definition := operation.Operation; definition != nil {
		attributes = append(
			attributes,
			slog.String("operation", apierror.Shorten(definition.Name)), slog.String("type", string(definition.Operation)),
		)
	}
	if start := operation.Stats.OperationStart; !start.IsZero() {
		attributes = append(attributes, slog.Duration("duration", time.Since(start)))
	}
	return attributes
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
