package resolvers_test

import (
	"maps"
	"time"

	"crm/auth"
	"crm/db"
)

// input returns a field's arguments or a mutation's input.
type input func(c *cell) variables

// with adds values: name, value, name, value….
func (in input) with(pairs ...any) input {
	return func(c *cell) variables {
		vars := maps.Clone(in(c))
		for i := 0; i < len(pairs); i += 2 {
			vars[pairs[i].(string)] = pairs[i+1]
		}
		return vars
	}
}

// withID adds the id of an object in the world.
func (in input) withID(key, name string) input {
	return func(c *cell) variables { return in.with(key, c.ids[name])(c) }
}

func noInput(*cell) variables { return variables{} }

func given(key, name string) input { return input(noInput).withID(key, name) }

// by looks an account up by one of its keys.
func by(key, name string) input {
	return func(c *cell) variables {
		keys := variables{"id": c.ids[name], "email": c.people[name].email}
		return variables{"by": variables{key: keys[key]}}
	}
}

// all selects all objects of the owners.
func all(key string) input {
	return func(c *cell) variables {
		var ids []string
		for _, name := range []string{"cleo", "uma", "plan", "leak", "mail"} {
			ids = append(ids, c.ids[name])
		}
		return variables{key: ids}
	}
}

func newAccount(c *cell) variables {
	return variables{"name": "New", "email": c.newEmail(), "password": password}
}

func credentialsOf(name string) input {
	return func(c *cell) variables { return variables{"email": c.people[name].email, "password": password} }
}

func refreshToken(c *cell) variables {
	_, refresh, err := c.s.db.StartSession(c.s.t.Context(), idOf(c.s.t, c.ids["uma"]), true)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"refreshToken": refresh}
}

// asNewcomer makes a new account of the same role the viewer, because the mutation ends its sessions.
var asNewcomer = input(func(c *cell) variables {
	switch c.column {
	case customerOwner, customerOther:
		c.newCustomer(true)
	case userOwner, userOther:
		c.newUser(auth.User, true)
	case admin:
		c.newUser(auth.Admin, true)
	}
	return variables{}
})

// onUser returns the id of a new user, who is their own owner.
var onUser = input(func(c *cell) variables { return variables{"id": c.newUser(auth.User, c.column == userOwner)} })

// ofUser hands over the work of a new user, who is their own owner.
var ofUser = input(func(c *cell) variables {
	return variables{"from": c.newUser(auth.User, c.column == userOwner), "to": c.ids["otto"]}
})

// onCustomer returns the id of a new customer, who is their own owner.
var onCustomer = input(func(c *cell) variables { return variables{"id": c.newCustomer(c.column == customerOwner)} })

var newInteraction = input(func(c *cell) variables {
	return variables{"customerId": c.ids["cleo"], "title": "new", "startTime": "2050-08-27T20:03:00Z"}
})

// onInteraction returns the id of a new interaction of uma with cleo.
var onInteraction = input(func(c *cell) variables {
	interaction, err := c.s.db.CreateInteraction(c.s.t.Context(), c.scopeOf("uma"), db.NewInteraction{
		CustomerID: c.ids["cleo"], Kind: db.KindTask, Title: "new", StartTime: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"id": interaction.GlobalID()}
})

var newTicket = input(func(c *cell) variables {
	return variables{"interactionId": c.ids["plan"], "description": "new"}
})

// onTicket returns the id of a new ticket on plan, of uma with cleo.
var onTicket = input(func(c *cell) variables {
	ticket, err := c.s.db.CreateTicket(c.s.t.Context(), c.scopeOf("cleo"),
		db.NewTicket{InteractionID: new(c.ids["plan"]), Description: "new", Priority: db.PriorityLow})
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"id": ticket.GlobalID()}
})

// newOwnTicket raises a ticket of cleo without an interaction.
var newOwnTicket = input(func(c *cell) variables { return variables{"customerId": c.ids["cleo"], "description": "new"} })

// onQueued returns the id of a new ticket of cleo that waits in the queue.
var onQueued = input(func(c *cell) variables {
	ticket, err := c.s.db.CreateTicket(c.s.t.Context(), c.scopeOf("cleo"), db.NewTicket{Description: "new", Priority: db.PriorityLow})
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"id": ticket.GlobalID()}
})

// onDelivery returns the id of a new message about plan.
var onDelivery = input(func(c *cell) variables { return variables{"id": c.s.failedDelivery(c.ids["plan"])} })
