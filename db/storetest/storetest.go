// Package storetest is the conformance suite of store.Store: the server works on any engine that passes it. It knows no
// engine and no entity of the server, only the contract.
package storetest

import (
	"context"
	"testing"

	"crm/db/store"
)

// Engine opens stores of one engine for the suite.
type Engine struct {
	// Open returns a store, with indexes, on a new empty database with these collections plus store.Events. t.Cleanup
	// closes the store.
	Open func(t *testing.T, collections ...*store.Collection) store.Store
	// CutOff returns a context under which operations of s fail once n commands have been sent to the database: a crash
	// between any two steps. It is nil if every operation is one transaction.
	CutOff func(t *testing.T, s store.Store, n int) context.Context
	// Scans says that the database reads all documents for each query, so the suite uses fewer documents and queries.
	Scans bool
}

// pick returns whole, or small for an engine that scans.
func (e Engine) pick(whole, small int) int {
	if e.Scans {
		return small
	}
	return whole
}

// Run checks an engine against the contract.
func Run(t *testing.T, e Engine) {
	groups := []struct {
		name string
		run  func(*testing.T, Engine)
	}{
		{"Insert", testInsert},
		{"Values", testValues},
		{"Update", testUpdate},
		{"ConcurrentUpdates", testConcurrentUpdates},
		{"ConcurrentWrites", testConcurrentWrites},
		{"Batch", testBatch},
		{"Load", testLoad},
		{"FilterByField", testFilterByField},
		{"FilterLogic", testFilterLogic},
		{"FilterByQuery", testFilterByQuery},
		{"FilterRandom", testFilterRandom},
		{"LongSearch", testLongSearch},
		{"Sort", testSort},
		{"Page", testPage},
		{"PageDuringInserts", testPageDuringInserts},
		{"Children", testChildren},
		{"Projection", testProjection},
		{"Count", testCount},
		{"Claim", testClaim},
		{"ConcurrentClaims", testConcurrentClaims},
		{"Delete", testDelete},
		{"DeletedIsUnseen", testDeletedIsUnseen},
		{"ConcurrentDeletes", testConcurrentDeletes},
		{"Purge", testPurge},
		{"Events", testEvents},
		{"ManyEvents", testManyEvents},
		{"ConcurrentMovers", testConcurrentMovers},
		{"CutOff", testCutOff},
		{"Context", testContext},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			g.run(t, e)
		})
	}
}
