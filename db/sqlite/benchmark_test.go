package sqlite

import (
	"path/filepath"
	"testing"

	"crm/db/store"
	"crm/db/storetest"
)

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B, collections ...*store.Collection) store.Store {
		b.Helper()
		return open(b, filepath.Join(b.TempDir(), "crm.db"), collections...)
	})
}
