package db

import (
	"slices"

	"crm/auth"
	"crm/db/store"
)

// This file is the one place that says whose documents a scope sees: every query is narrowed by it.

// userScope: staff see all users, a customer those they have interactions with.
func userScope(scope auth.Scope) store.Filter {
	switch {
	case scope.IsStaff():
		return store.Filter{}
	case scope.Role == auth.Customer:
		return store.InQuery("_id", Interactions, "user_id", interactionScope(scope))
	}
	return store.None()
}

// customerScope: staff see all customers, a customer themself.
func customerScope(scope auth.Scope) store.Filter {
	switch {
	case scope.IsStaff():
		return store.Filter{}
	case scope.Role == auth.Customer:
		return store.Eq("_id", store.ID(scope.Account))
	}
	return store.None()
}

// interactionScope: a user and a customer see their own.
func interactionScope(scope auth.Scope) store.Filter {
	switch {
	case scope.SeesAll():
		return store.Filter{}
	case scope.Role == auth.User:
		return store.Eq("user_id", store.ID(scope.Account))
	case scope.Role == auth.Customer:
		return store.Eq("customer_id", store.ID(scope.Account))
	}
	return store.None()
}

// ticketScope: a customer sees their own; a user those on their own interactions and those assigned to them.
func ticketScope(scope auth.Scope) store.Filter {
	switch {
	case scope.SeesAll():
		return store.Filter{}
	case scope.Role == auth.User:
		return store.Or(store.Eq("interaction_user_id", store.ID(scope.Account)), store.Eq("assignee_id", store.ID(scope.Account)))
	case scope.Role == auth.Customer:
		return store.Eq("customer_id", store.ID(scope.Account))
	}
	return store.None()
}

// deliveryScope: only staff see deliveries; which ones follows from the entity they are reached through.
func deliveryScope(scope auth.Scope) store.Filter {
	if scope.IsStaff() {
		return store.Filter{}
	}
	return store.None()
}

// scopeOf returns what narrows every query of a collection.
func scopeOf(c *store.Collection, scope auth.Scope) store.Filter {
	switch c {
	case Users:
		return userScope(scope)
	case Customers:
		return customerScope(scope)
	case Interactions:
		return interactionScope(scope)
	case Tickets:
		return ticketScope(scope)
	case Deliveries:
		return deliveryScope(scope)
	}
	return store.None()
}

// narrow returns the filter so that it matches only what the scope sees, and so that its conditions on other
// collections look only at what the scope sees there: nothing hidden can be found out by filtering for it.
func narrow(scope auth.Scope, c *store.Collection, where store.Filter) (store.Filter, error) {
	narrowed, err := narrowConditions(scope, c, where)
	if err != nil {
		return store.Filter{}, err
	}
	return store.And(scopeOf(c, scope), narrowed), nil
}

func narrowConditions(scope auth.Scope, c *store.Collection, where store.Filter) (store.Filter, error) {
	if c == Users && !scope.SeesAll() && slices.Contains(hiddenUserFields, where.Field) {
		return store.Filter{}, store.FieldError(store.Forbidden, where.Path, "only an admin may filter users by this")
	}
	if where.Query != nil {
		inner, err := narrow(scope, where.Query.Collection, where.Query.Where)
		if err != nil {
			return store.Filter{}, err
		}
		where.Query = &store.Subquery{Collection: where.Query.Collection, Select: where.Query.Select, Where: inner}
	}
	if len(where.Filters) > 0 {
		narrowed := make([]store.Filter, len(where.Filters))
		for i, filter := range where.Filters {
			var err error
			if narrowed[i], err = narrowConditions(scope, c, filter); err != nil {
				return store.Filter{}, err
			}
		}
		where.Filters = narrowed
	}
	return where, nil
}

// hiddenUserFields are those that a user's record shows to its owner and to admins only.
var hiddenUserFields = []string{"role", "deactivated_at", "created_at", "updated_at"}
