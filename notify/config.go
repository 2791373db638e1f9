package notify

import (
	"cmp"
	"time"

	"crm/db"
	"crm/db/address"
)

// DefaultAppName is the product's name in messages if the operator gives none.
const DefaultAppName = "CRM"

// Config is what the operator decides about messages. Its zero value stands for messages without links, with times in UTC.
type Config struct {
	// Sender is the address that messages come from; the Message-IDs have its domain.
	Sender string
	// Inbox is where replies about tickets are received; if it isn't set, they go to a person.
	Inbox address.Inbox
	// AppName is the product's name.
	AppName string
	// Links builds the addresses that messages link to.
	Links Links
	// TimeZone is that of accounts that have none.
	TimeZone *time.Location
	// Templates are the operator's own, nil for none.
	Templates *Templates
}

// withDefaults returns the configuration with what it lacks.
func (c Config) withDefaults() Config {
	c.AppName, c.TimeZone = cmp.Or(c.AppName, DefaultAppName), cmp.Or(c.TimeZone, time.UTC)
	return c
}

// zoneOf returns the time zone of a recipient.
func (c Config) zoneOf(to db.Recipient) *time.Location {
	if zone, err := db.ParseTimeZone(to.TimeZone); err == nil {
		return zone
	}
	return c.TimeZone
}
