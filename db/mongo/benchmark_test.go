package mongo_test

import (
	"testing"

	"crm/db"
	"crm/db/dbtest"
	"crm/db/mongo/mongotest"
)

// BenchmarkStore measures the stand-in, too, where no MONGO_TEST_URI names a real server.
func BenchmarkStore(b *testing.B) {
	dbtest.Benchmark(b, func(b *testing.B, collections ...*db.Collection) db.Store {
		b.Helper()
		return mongotest.OpenOn(b, mongotest.Database(b), collections)
	})
}
