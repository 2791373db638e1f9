package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
	"crm/graph/apierror"
	"crm/graph/transport"
)

// errPanic stands for a panic that has already been logged.
var errPanic = errors.New("panic")

// presenter turns every error of the execution into one that a client may see. Errors that are not meant for clients are
// logged once, and shown as "internal error" with the request's id.
type presenter struct{ log *slog.Logger }

// present implements graphql.ErrorPresenterFunc. If a response has too many errors, it returns nil for the later ones,
// which are neither shown nor logged.
func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	if !stateOf(ctx).answer.admitError() {
		return nil
	}
	var located gqlerror.Error
	if inner := new(gqlerror.Error); errors.As(err, &inner) {
		located = gqlerror.Error{Path: inner.Path, Locations: inner.Locations}
	} else {
		located.Path = graphql.GetPath(ctx)
	}
	presented := p.coded(ctx, err, located.Path)
	presented.Path, presented.Locations = located.Path, located.Locations
	return presented
}

func (p presenter) coded(ctx context.Context, err error, path ast.Path) *gqlerror.Error {
	var coded *store.Error
	switch {
	case errors.Is(err, errPanic):
		return internalError(ctx)
	case errors.As(err, &coded) && coded.Code != "":
		if coded.Err != nil && coded.Code == store.Unavailable {
			p.log.WarnContext(ctx, "unavailable", "requestId", transport.RequestID(ctx), "path", path.String(), "error", coded.Err)
		}
		return apierror.Coded(coded)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return apierror.Coded(apierror.Interrupted(err))
	}
	if field := argumentPath(ctx, path); field != "" {
		return apierror.Coded(store.FieldError(store.BadInput, field, "has a value that its type does not allow"))
	}
	p.log.ErrorContext(ctx, "internal error", "requestId", transport.RequestID(ctx), "path", path.String(), "error", err)
	return internalError(ctx)
}

// recover implements graphql.RecoverFunc.
func (p presenter) recover(ctx context.Context, cause any) error {
	p.logPanic(ctx, "panic", cause)
	return errPanic
}

// logPanic logs the cause of a panic, unless the same one has just been logged for the same response: each element of a list may
// have it, and gqlgen's executor may encounter it again after the fast path. Call it in the function that recovers, for its stack.
func (p presenter) logPanic(ctx context.Context, message string, cause any) {
	panicked := store.Recovered(cause)
	text := fmt.Sprint(panicked.Value)
	if !stateOf(ctx).answer.admitPanic(text) {
		return
	}
	p.log.ErrorContext(
		ctx, message, "requestId", transport.RequestID(ctx), "path", graphql.GetPath(ctx).String(), "cause", text,
		"stack", panicked.Stack,
	)
}

// argumentPath returns the path of the argument that an error is about, or "" if it is about none: gqlgen reads a field's
// arguments before it sets the field's Args, and the paths of such errors continue from the field into the argument.
func argumentPath(ctx context.Context, path ast.Path) string {
	field := graphql.GetFieldContext(ctx)
	if field == nil || field.Args != nil {
		return ""
	}
	own := len(field.Path())
	if own >= len(path) {
		return ""
	}
	parts := make([]string, 0, len(path)-own)
	for _, element := range path[own:] {
		parts = append(parts, fmt.Sprint(element))
	}
	return strings.Join(parts, ".")
}

func internalError(ctx context.Context) *gqlerror.Error {
	return &gqlerror.Error{
		Message:    "internal error",
		Extensions: map[string]any{"code": string(apierror.InternalError), "requestId": transport.RequestID(ctx)},
	}
}
