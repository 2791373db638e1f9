package mongo

// LimitSubqueries lowers the limit on the values of a subquery, which would take long to reach.
func (s *Store) LimitSubqueries(n int) { s.subqueryLimit = n }
