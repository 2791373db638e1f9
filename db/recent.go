package db

import (
	"sync"

	"crm/db/store"
)

// maxRecent is how many documents of a kind are remembered at most: 2 MB of customers.
const maxRecent = 4096

// recent remembers whole documents as they are in one state of the database. Nobody changes them.
type recent[T any] struct {
	mutex   sync.RWMutex
	version store.Version
	docs    map[store.ID]*T
}

// get adds those of the documents that are remembered to found, and returns the ids of the others.
func (r *recent[T]) get(version store.Version, ids []store.ID, found map[store.ID]*T) (missing []store.ID) {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	if version != r.version {
		return ids
	}
	for _, id := range ids {
		if doc, ok := r.docs[id]; ok {
			found[id] = doc
		} else {
			missing = append(missing, id)
		}
	}
	return missing
}

// put remembers documents that were read while the database was in one state, unless they are too many.
func (r *recent[T]) put(version store.Version, docs map[store.ID]*T) {
	if len(docs) > maxRecent {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if version != r.version || len(r.docs)+len(docs) > maxRecent {
		r.version, r.docs = version, make(map[store.ID]*T, len(docs))
	}
	for id, doc := range docs {
		r.docs[id] = doc
	}
}
