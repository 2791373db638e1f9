// Package storetest is the conformance suite of store.Store: what it checks is what an engine has to do, and an engine that
// passes it can stand under the server. It knows no engine and no entity of the server, only the contract.
package storetest

import (
	"context"
	"testing"

	"crm/db/store"
)

// Engine opens stores of one engine for the suite.
type Engine struct {
	// Open returns a store on a new empty database with these collections plus db.Events, indexes ensured; the store
	// is closed by t.Cleanup.
	Open func(t *testing.T, collections ...*store.Collection) store.Store
	// CutOff returns a context under which operations of s fail once n commands have gone to the database: a crash
	// between any two steps. Nil where every operation is one transaction.
	CutOff func(t *testing.T, s store.Store, n int) context.Context
	// Scans says that the database reads all documents for each query, so it gets fewer documents and queries of a kind.
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
