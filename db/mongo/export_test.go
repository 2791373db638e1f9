package mongo

// LimitSubqueries lets subqueries select fewer values than the limit that takes long to reach.
func (s *Store) LimitSubqueries(n int) { s.subqueryLimit = n }
