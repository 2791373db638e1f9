package db

import (
	"slices"

	"crm/auth"
)

// This file is the one place that says whose documents a scope sees: every query is narrowed by it.

// userScope: staff see all users, a customer those they have interactions with.
func userScope(scope auth.Scope) Filter {
	switch {
	case scope.IsStaff():
		return Filter{}
	case scope.Role == auth.Customer:
		return InQuery("_id", Interactions, "user_id", interactionScope(scope))
	}
	return None()
}

// customerScope: staff see all customers, a customer themself.
func customerScope(scope auth.Scope) Filter {
	switch {
	case scope.IsStaff():
		return Filter{}
	case scope.Role == auth.Customer:
		return Eq("_id", ID(scope.Account))
	}
	return None()
}

// interactionScope: a user and a customer see their own.
func interactionScope(scope auth.Scope) Filter {
	switch {
	case scope.SeesAll():
		return Filter{}
	case scope.Role == auth.User:
		return Eq("user_id", ID(scope.Account))
	case scope.Role == auth.Customer:
		return Eq("customer_id", ID(scope.Account))
	}
	return None()
}

// ticketScope: a customer sees their own; a user those on their own interactions and those assigned to them.
func ticketScope(scope auth.Scope) Filter {
	switch {
	case scope.SeesAll():
		return Filter{}
	case scope.Role == auth.User:
		return Or(Eq("interaction_user_id", ID(scope.Account)), Eq("assignee_id", ID(scope.Account)))
	case scope.Role == auth.Customer:
		return Eq("customer_id", ID(scope.Account))
	}
	return None()
}

// deliveryScope: only staff see deliveries; which ones follows from the entity they are reached through.
func deliveryScope(scope auth.Scope) Filter {
	if scope.IsStaff() {
		return Filter{}
	}
	return None()
}

// scopeOf returns what narrows every query of a collection.
func scopeOf(c *Collection, scope auth.Scope) Filter {
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
	return None()
}

// narrow returns the filter so that it matches only what the scope sees, and so that its conditions on other
// collections look only at what the scope sees there: nothing hidden can be found out by filtering for it.
func narrow(scope auth.Scope, c *Collection, where Filter) (Filter, error) {
	narrowed, err := narrowConditions(scope, c, where)
	if err != nil {
		return Filter{}, err
	}
	return And(scopeOf(c, scope), narrowed), nil
}

func narrowConditions(scope auth.Scope, c *Collection, where Filter) (Filter, error) {
	if c == Users && !scope.SeesAll() && slices.Contains(hiddenUserFields, where.Field) {
		return Filter{}, FieldError(Forbidden, where.Path, "only an admin may filter users by this")
	}
	if where.Query != nil {
		inner, err := narrow(scope, where.Query.Collection, where.Query.Where)
		if err != nil {
			return Filter{}, err
		}
		where.Query = &Subquery{Collection: where.Query.Collection, Select: where.Query.Select, Where: inner}
	}
	if len(where.Filters) > 0 {
		narrowed := make([]Filter, len(where.Filters))
		for i, filter := range where.Filters {
			var err error
			if narrowed[i], err = narrowConditions(scope, c, filter); err != nil {
				return Filter{}, err
			}
		}
		where.Filters = narrowed
	}
	return where, nil
}

// hiddenUserFields are those that a user's record shows to its owner and to admins only.
var hiddenUserFields = []string{"role", "deactivated_at", "created_at", "updated_at"}
