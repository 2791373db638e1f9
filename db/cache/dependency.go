package cache

import (
	"slices"

	"crm/db/store"
)

// maxVersions is how many versions one answer may depend on.
const maxVersions = 16

// basis is what the answer to a question that is being read depends on.
type basis struct {
	stamps []stamp
	// isKnown is false if the answer can't be kept, because it isn't known what it depends on, or because that is changing.
	isKnown bool
}

// basisOf returns the basis of an answer about the documents that match a filter. It must be called before the reading.
func (s *Store) basisOf(k *kept, where store.Filter) basis {
	of, ok := s.covered(k, where)
	if !ok {
		of = []version{k.whole}
	}
	return s.basisOn(of, where)
}

// basisOn returns a basis of these versions and those that the filter's subqueries depend on.
func (s *Store) basisOn(of []version, where store.Filter) basis {
	of, ok := s.ofSubqueries(of, where)
	if !ok {
		return basis{}
	}
	b := basis{stamps: make([]stamp, 0, len(of)+1), isKnown: true}
	for _, one := range of {
		b.add(s.versions.now(one))
	}
	return b
}

func (b *basis) add(one stamp) {
	b.stamps = append(b.stamps, one)
	b.isKnown = b.isKnown && one.isSteady()
}

// append appends the beginning of an answer.
func (b *basis) append(to []byte) []byte {
	to = appendHeader(to, len(b.stamps))
	for _, one := range b.stamps {
		to = one.append(to)
	}
	return to
}

// covered returns versions that cover a filter: a document that matches it belongs to one of them at least. ok is false if
// nothing less than the whole collection does.
func (s *Store) covered(k *kept, where store.Filter) (of []version, ok bool) {
	switch where.Op {
	case store.OpEq:
		return s.holding(k, where.Field, []any{where.Value})
	case store.OpIn:
		return s.holding(k, where.Field, where.Values)
	case store.OpAnd:
		for _, f := range where.Filters {
			if one, covered := s.covered(k, f); covered && (!ok || len(one) < len(of)) {
				of, ok = one, true
			}
		}
		return of, ok
	case store.OpOr:
		for _, f := range where.Filters {
			one, covered := s.covered(k, f)
			if !covered || len(of)+len(one) > maxVersions {
				return nil, false
			}
			of = append(of, one...)
		}
		return of, true
	}
	return nil, false
}

// holding returns the versions of the documents whose field, of TypeID, holds one of the values.
func (s *Store) holding(k *kept, name string, values []any) (of []version, ok bool) {
	field := slices.IndexFunc(k.ids, func(i int) bool { return k.Fields[i].Name == name })
	if field < 0 || len(values) > maxVersions {
		return nil, false
	}
	for _, value := range values {
		id, isID := value.(store.ID)
		if !isID {
			return nil, false
		}
		of = append(of, s.versions.of(k, k.ids[field], id))
	}
	return of, true
}

// ofSubqueries appends the versions that the subqueries of a filter depend on.
func (s *Store) ofSubqueries(of []version, where store.Filter) (all []version, ok bool) {
	if where.Query != nil {
		k := s.kept[where.Query.Collection.Name]
		if k == nil {
			return nil, false
		}
		other, covered := s.covered(k, where.Query.Where)
		if !covered {
			other = []version{k.whole}
		}
		of = append(of, other...)
		if of, ok = s.ofSubqueries(of, where.Query.Where); !ok {
			return nil, false
		}
	}
	for _, f := range where.Filters {
		if of, ok = s.ofSubqueries(of, f); !ok {
			return nil, false
		}
	}
	return of, len(of) <= maxVersions
}
