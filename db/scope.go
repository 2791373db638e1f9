package db

import (
	"context"

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

// byID reads the documents with these ids that the filter lets through.
func byID[T any, P document[T]](
	ctx context.Context, s Store, c *Collection, scope Filter, ids []ID, id func(*T) ID,
) (map[ID]*T, error) {
	found, err := find[T, P](ctx, s, c, Query{Where: And(In("_id", ids), scope)})
	if err != nil {
		return nil, err
	}
	byID := make(map[ID]*T, len(found))
	for _, doc := range found {
		byID[id(doc)] = doc
	}
	return byID, nil
}

// UsersByID returns those of the users that the scope sees, with what it may see of each.
func (d *DB) UsersByID(ctx context.Context, scope auth.Scope, ids []ID) (map[ID]*User, error) {
	users, err := byID(ctx, d.store, Users, userScope(scope), ids, func(u *User) ID { return u.ID })
	for _, user := range users {
		user.redact(scope)
	}
	return users, err
}

// CustomersByID returns those of the customers that the scope sees.
func (d *DB) CustomersByID(ctx context.Context, scope auth.Scope, ids []ID) (map[ID]*Customer, error) {
	return byID(ctx, d.store, Customers, customerScope(scope), ids, func(c *Customer) ID { return c.ID })
}

// InteractionsByID returns those of the interactions that the scope sees.
func (d *DB) InteractionsByID(ctx context.Context, scope auth.Scope, ids []ID) (map[ID]*Interaction, error) {
	return byID(ctx, d.store, Interactions, interactionScope(scope), ids, func(i *Interaction) ID { return i.ID })
}

// TicketsByID returns those of the tickets that the scope sees.
func (d *DB) TicketsByID(ctx context.Context, scope auth.Scope, ids []ID) (map[ID]*Ticket, error) {
	return byID(ctx, d.store, Tickets, ticketScope(scope), ids, func(t *Ticket) ID { return t.ID })
}
