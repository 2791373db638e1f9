package db

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// NewCustomerNote is the data of a note to create.
type NewCustomerNote struct {
	// CustomerID is a global id.
	CustomerID string
	Text       string
	Pinned     bool
}

// CustomerNoteChanges are changes to a note; nil leaves a field unchanged.
type CustomerNoteChanges struct {
	Text   *string
	Pinned *bool
}

// CreateCustomerNote creates a note on a customer; only staff may.
func (d *DB) CreateCustomerNote(ctx context.Context, scope auth.Scope, in NewCustomerNote) (*CustomerNote, error) {
	if !scope.IsStaff() {
		return nil, store.Errorf(store.Forbidden, "only staff may write notes")
	}
	var problems Problems
	now, author := d.now(), store.ID(scope.Account)
	note := &CustomerNote{
		ID: store.NewID(), CustomerID: problems.ID("customerId", KindCustomer, in.CustomerID), AuthorID: &author,
		Text: problems.requiredText("text", in.Text), Pinned: in.Pinned, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	if _, err := d.Customers.Get(ctx, scope, note.CustomerID); err != nil {
		return nil, atField("input.customerId", err)
	}
	if err := d.customerNotes.Create(ctx, scope, note); err != nil {
		return nil, err
	}
	return note, nil
}

// UpdateCustomerNote changes a note; only its author and admins may.
func (d *DB) UpdateCustomerNote(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, changes CustomerNoteChanges,
) (*CustomerNote, error) {
	return d.customerNotes.Update(ctx, scope, id, expected, func(next *CustomerNote) (string, error) {
		if err := next.permit(scope); err != nil {
			return "", err
		}
		var problems Problems
		if changes.Text != nil {
			next.Text = problems.requiredText("text", *changes.Text)
		}
		if changes.Pinned != nil {
			next.Pinned = *changes.Pinned
		}
		return entity.Updated, problems.inInput()
	})
}

// DeleteCustomerNote deletes a note; only its author and admins may.
func (d *DB) DeleteCustomerNote(ctx context.Context, scope auth.Scope, id store.ID, expected *int) error {
	note, err := d.CustomerNotes.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if err := note.permit(scope); err != nil {
		return err
	}
	if err := d.customerNotes.ExpectVersion(note, expected); err != nil {
		return err
	}
	return d.customerNotes.Remove(ctx, scope, note)
}
