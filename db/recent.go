package db

import "sync"

// Versioned is a Store that can tell at next to no cost whether anything was written, by whatever process. What a
// reference leads to, as a ticket's customer, is then remembered until something is.
type Versioned interface {
	// Version returns a value that every change of the database changes, from the moment on at which reads see the change;
	// ok is false where that can't be told.
	Version() (version Version, ok bool)
}

// Version is a state that a database was in.
type Version [6]uint64

// maxRecent is how many documents of a kind are remembered at most: 2 MB of customers.
const maxRecent = 4096

// recent remembers whole documents as they are in one state of the database. Nobody changes them.
type recent[T any] struct {
	mutex   sync.RWMutex
	version Version
	docs    map[ID]*T
}

// get adds those of the documents that are remembered to found, and returns the ids of the others.
func (r *recent[T]) get(version Version, ids []ID, found map[ID]*T) (missing []ID) {
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
func (r *recent[T]) put(version Version, docs map[ID]*T) {
	if len(docs) > maxRecent {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if version != r.version || len(r.docs)+len(docs) > maxRecent {
		r.version, r.docs = version, make(map[ID]*T, len(docs))
	}
	for id, doc := range docs {
		r.docs[id] = doc
	}
}
