package graph

import (
	"crm/db"
	"crm/db/live"
)

// TicketMessageAdded is the change that a subscriber receives when a message is written on a ticket.
type TicketMessageAdded = live.Change[db.TicketMessage]

// DeliveryFailure is the change that a subscriber receives when sending a message is given up.
type DeliveryFailure = live.Change[db.Delivery]
