package resolvers

import (
	"context"

	"crm/db"
	"crm/graph"
)

// Customer resolves Query.customer; @oneOf ensures that there is exactly one key.
func (r queryResolver) Customer(ctx context.Context, by graph.CustomerBy) (*db.Customer, error) {
	if email := by.Email.Value(); email != nil {
		return db.ByEmail(ctx, projected(ctx, r.db.Customers), scopeOf(ctx), *email)
	}
	return get(ctx, r.db.Customers, "by.id", *by.ID.Value())
}

// CreateCustomer resolves Mutation.createCustomer.
func (r mutationResolver) CreateCustomer(
	ctx context.Context, input graph.CreateCustomerInput,
) (*graph.CreateCustomerPayload, error) {
	customer, err := r.db.CreateCustomer(ctx, scopeOf(ctx), db.NewCustomer{
		Name: orEmpty(input.Name), Email: orEmpty(input.Email), Company: input.Company.Value(), Phone: input.Phone.Value(),
		TimeZone: input.TimeZone.Value(), Password: input.Password.Value(),
	})
	if err != nil {
		return nil, err
	}
	return &graph.CreateCustomerPayload{Customer: customer}, nil
}

// UpdateCustomer resolves Mutation.updateCustomer.
func (r mutationResolver) UpdateCustomer(
	ctx context.Context, input graph.UpdateCustomerInput,
) (*graph.UpdateCustomerPayload, error) {
	id, err := parseID("input.id", db.KindCustomer, input.ID)
	if err != nil {
		return nil, err
	}
	customer, err := r.db.UpdateCustomer(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), db.CustomerChanges{
		Name: text(input.Name), Email: text(input.Email),
		Company: clearable(input.Company), Phone: clearable(input.Phone), TimeZone: clearable(input.TimeZone),
	})
	if err != nil {
		return nil, err
	}
	return &graph.UpdateCustomerPayload{Customer: customer}, nil
}

// DeleteCustomer resolves Mutation.deleteCustomer.
func (r mutationResolver) DeleteCustomer(
	ctx context.Context, input graph.DeleteCustomerInput,
) (*graph.DeleteCustomerPayload, error) {
	id, err := parseID("input.id", db.KindCustomer, input.ID)
	if err != nil {
		return nil, err
	}
	deleted, err := r.db.DeleteCustomer(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), input.Cascade)
	if err != nil {
		return nil, err
	}
	return deletedCustomer(input.ID, deleted), nil
}
