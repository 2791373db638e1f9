package graph

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
	"crm/db/entity"
)

// Memory keeps responses until something changes that they were read from. A response from it is as exact as a new one.
type Memory interface {
	// Recall returns the response that was kept under a key and is still right, and the number of reads that it was made from.
	Recall(key [16]byte) (response string, reads int, ok bool)
	// Record returns a context whose reads are noted. keep keeps a response that was made from that many reads under this context, and
	// from nothing else.
	Record(ctx context.Context) (recorded context.Context, keep func(key [16]byte, response []byte, reads int))
}

// remember returns the operation's next response, from memory if it was kept there.
func (e *Executor) remember(ctx context.Context, calls *entity.Calls, next graphql.ResponseHandler) *graphql.Response {
	state := stateOf(ctx)
	key, ok := e.keyOf(ctx)
	if !ok {
		return e.execute(ctx, next)
	}
	if state.answered {
		return nil
	}
	state.answered = true
	if kept, reads, ok := e.memory.Recall(key); ok {
		calls.Repeat(reads)
		return &graphql.Response{Data: json.RawMessage(kept)}
	}
	ctx, keep := e.memory.Record(ctx)
	response := e.execute(ctx, next)
	if response != nil && len(response.Errors) == 0 && len(response.Data) > 0 {
		keep(key, response.Data, calls.Count())
	}
	return response
}

// execute executes the operation with groups of siblings of its own.
func (e *Executor) execute(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if e.newOperation != nil {
		ctx = e.newOperation(ctx)
	}
	return limitAnswer(ctx, e.limits, next)
}

// responseKey is what the response to a query depends on, besides what is stored.
type responseKey struct {
	Document, Operation string
	Variables           map[string]any
	Scope               auth.Scope
	// Key and ReadOnly say which fields directives refuse to an API key.
	Key, ReadOnly bool
}

// maxKeyedText is how long the key of a kept response may be as JSON; variables can make it long.
const maxKeyedText = 4 << 10

// keyOf returns the key of an operation's response; ok is false if it isn't kept. Responses to viewers who aren't logged in never are.
func (e *Executor) keyOf(ctx context.Context) (key [16]byte, ok bool) {
	if e.memory == nil {
		return key, false
	}
	operation, state := graphql.GetOperationContext(ctx), stateOf(ctx)
	document := e.documentKey(state, operation.Operation)
	if document == "" {
		return key, false
	}
	viewer, ok := auth.ViewerFrom(ctx)
	if !ok {
		return key, false
	}
	text, err := json.Marshal(responseKey{
		Document: document, Operation: operation.OperationName, Variables: operation.Variables,
		Scope: viewer.Scope(), Key: viewer.Key, ReadOnly: viewer.ReadOnly,
	})
	if err != nil || len(text) > maxKeyedText {
		return key, false
	}
	sum := sha256.Sum256(text)
	copy(key[:], sum[:])
	return key, true
}

// documentKey returns the hash of the operation's document, empty if its responses aren't kept.
func (e *Executor) documentKey(state *operationState, operation *ast.OperationDefinition) string {
	if state.document == nil || operation.Operation != ast.Query {
		return ""
	}
	known, ok := state.document.Derived(operation)
	if !ok {
		hash := ""
		if e.onlyReads(operation.SelectionSet) {
			hash = state.document.Hash()
		}
		state.document.KeepDerived(operation, hash, 1)
		return hash
	}
	return known.(string)
}

// onlyReads reports whether all fields of a selection depend on nothing but what is stored: not on the time, a secret, or anything else that
// the server knows.
func (e *Executor) onlyReads(set ast.SelectionSet) bool {
	for _, selection := range set {
		var within ast.SelectionSet
		switch selection := selection.(type) {
		case *ast.Field:
			if !e.onlyReadsField(selection) {
				return false
			}
			within = selection.SelectionSet
		case *ast.InlineFragment:
			within = selection.SelectionSet
		case *ast.FragmentSpread:
			within = selection.Definition.SelectionSet
		}
		if !e.onlyReads(within) {
			return false
		}
	}
	return true
}

func (e *Executor) onlyReadsField(field *ast.Field) bool {
	if field.Name == "__typename" {
		return true
	}
	if strings.HasPrefix(field.Name, "__") {
		return false
	}
	for _, object := range e.schema.Schema().GetPossibleTypes(field.ObjectDefinition) {
		if isHandWritten(object.Name, field.Name) && !handWrittenReads(object.Name, field.Name) {
			return false
		}
	}
	return true
}

// handWrittenReads reports whether a hand-written method does nothing but read from the store. TicketMessage.viewerCan, for example, also
// looks at the clock: authors may edit a message for a while only.
func handWrittenReads(object, field string) bool {
	switch object + "." + field {
	case "Query.customer", "Query.user", "Query.viewer", "Query.ticket", "Query.ticketByNumber", "Query.node", "Query.nodes",
		"Customer.tags", "Ticket.tags", "Ticket.linkedTickets", "TicketMessage.author", "TicketMessage.cc", "Interaction.conflicts",
		"Interaction.viewerCan", "Ticket.viewerCan", "Ticket.allowedTransitions":
		return true
	}
	return false
}
