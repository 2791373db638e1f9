package graph

import "crm/db"

type (
	// TicketChange is what a subscriber is told of a ticket.
	TicketChange = db.Change[db.Ticket]
	// InteractionChange is what a subscriber is told of an interaction.
	InteractionChange = db.Change[db.Interaction]
	// DeliveryFailure is what a subscriber is told of a message that was given up.
	DeliveryFailure = db.Change[db.Delivery]
)
