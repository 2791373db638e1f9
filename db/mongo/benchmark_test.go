package mongo_test

import (
	"testing"

	"crm/db/mongo/mongotest"
	"crm/db/store"
	"crm/db/storetest"
)

// BenchmarkStore measures FerretDB if no MONGO_TEST_URI names a real server.
func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B, collections ...*store.Collection) store.Store {
		b.Helper()
		return mongotest.OpenOn(b, mongotest.Database(b), collections)
	})
}
