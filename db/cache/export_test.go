package cache

import "crm/db/store"

// NewRecord returns a document of any collection.
func NewRecord(c *store.Collection) store.Document { return store.NewRecord(c) }
