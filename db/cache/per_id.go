package cache

import "crm/db/store"

// perID is the same question about each of some ids.
type perID struct {
	store *Store
	of    *kept
	asked key
	ids   []store.ID
	// found are the answers found, in the order of the ids, "" for those that are missing.
	found []answer
	// missing are the ids without an answer, and at their indexes.
	missing []store.ID
	at      []int
	// basis is what all missing answers depend on, stamps what each of them does besides.
	basis  basis
	stamps []stamp
}

// ask looks up the answers to a question about the documents that match and whose field, of TypeID, holds one of the ids. For
// those that are missing, it notes what they depend on.
func (s *Store) ask(of *kept, asked key, field string, ids []store.ID, where store.Filter) *perID {
	e := &perID{store: s, of: of, asked: asked, ids: ids, found: make([]answer, len(ids))}
	for i, id := range ids {
		if e.found[i] = s.lookUp(asked.about(id)); e.found[i] == "" {
			e.missing, e.at = append(e.missing, id), append(e.at, i)
		}
	}
	if len(e.missing) == 0 {
		return e
	}
	e.basis = s.basisOn(nil, where)
	e.stamps = make([]stamp, len(e.missing))
	index := of.FieldIndex(field)
	for i, id := range e.missing {
		e.stamps[i] = s.versions.now(s.versions.of(of, index, id))
	}
	return e
}

// keep keeps the answer about the i-th of the missing ids and returns it: a number, and that many documents or none.
func (e *perID) keep(i, number int, documents []byte) answer {
	b := e.basis
	b.add(e.stamps[i])
	return e.store.keep(e.asked.about(e.missing[i]), b, number, documents)
}

// isCurrent reports whether the answers found are those of one state of the database, and of the one that the missing
// answers have been read from since: all of them were valid at a time after the first was looked up, if they still are.
func (e *perID) isCurrent() bool {
	if len(e.ids) == 1 {
		return true
	}
	for _, a := range e.found {
		if a != "" && !e.store.versions.current(a) {
			return false
		}
	}
	return true
}
