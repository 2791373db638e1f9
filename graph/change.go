package graph

import (
	"crm/db"
	"crm/db/live"
)

// DeliveryFailure is what a subscriber is told of a message that was given up.
type DeliveryFailure = live.Change[db.Delivery]
