package graph

import "crm/db"

// DeliveryFailure is what a subscriber is told of a message that was given up.
type DeliveryFailure = db.Change[db.Delivery]
