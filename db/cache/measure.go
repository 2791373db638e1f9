package cache

import "crm/db/store"

var _ store.Measured = (*Store)(nil)

// Measures implements store.Measured with the figures of the engine, and the size of the cache.
func (s *Store) Measures() []store.Measure {
	var measures []store.Measure
	if measured, ok := s.Store.(store.Measured); ok {
		measures = measured.Measures()
	}
	return append(measures, store.Measure{
		Name: "cache_bytes", Help: "Size of the answers that are kept in memory.", Value: float64(s.answers.WeightedSize()),
	}, store.Measure{
		Name: "cache_answers", Help: "Number of the answers that are kept in memory.", Value: float64(s.answers.EstimatedSize()),
	})
}
