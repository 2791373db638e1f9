package resolvers

import (
	"context"

	"crm/db"
	"crm/graph"
)

// CreateCustomerNote resolves Mutation.createCustomerNote.
func (r mutationResolver) CreateCustomerNote(
	ctx context.Context, input graph.CreateCustomerNoteInput,
) (*graph.CreateCustomerNotePayload, error) {
	note, err := r.db.CreateCustomerNote(ctx, scopeOf(ctx), db.NewCustomerNote{
		CustomerID: input.CustomerID, Text: input.Text, Pinned: input.Pinned,
	})
	if err != nil {
		return nil, err
	}
	return &graph.CreateCustomerNotePayload{CustomerNote: note}, nil
}

// UpdateCustomerNote resolves Mutation.updateCustomerNote.
func (r mutationResolver) UpdateCustomerNote(
	ctx context.Context, input graph.UpdateCustomerNoteInput,
) (*graph.UpdateCustomerNotePayload, error) {
	var problems db.Problems
	id := problems.ID("input.id", db.KindCustomerNote, input.ID)
	changes := db.CustomerNoteChanges{Text: text(input.Text), Pinned: change(&problems, "pinned", input.Pinned)}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	note, err := r.db.UpdateCustomerNote(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), changes)
	if err != nil {
		return nil, err
	}
	return &graph.UpdateCustomerNotePayload{CustomerNote: note}, nil
}

// DeleteCustomerNote resolves Mutation.deleteCustomerNote.
func (r mutationResolver) DeleteCustomerNote(
	ctx context.Context, input graph.DeleteCustomerNoteInput,
) (*graph.DeleteCustomerNotePayload, error) {
	id, err := parseID("input.id", db.KindCustomerNote, input.ID)
	if err != nil {
		return nil, err
	}
	if err := r.db.DeleteCustomerNote(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value()); err != nil {
		return nil, err
	}
	return deletedCustomerNote(input.ID, nil), nil
}
