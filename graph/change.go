package graph

import (
	"crm/db"
	"crm/db/live"
)

// DeliveryFailure is the change that a subscriber receives when sending a message is given up.
type DeliveryFailure = live.Change[db.Delivery]
