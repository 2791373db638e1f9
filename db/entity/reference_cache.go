package entity

import (
	"sync"

	"crm/db/store"
)

// Bounds of one entity's cache. It is limited by memory, not by documents: an interaction's description may have 40 KB.
const (
	maxCachedBytes = 4 << 20
	// documentOverhead is the memory of a document besides its texts: the struct, its map entry and pointers.
	documentOverhead = 400
)

// referenceCache holds whole documents that references led to, as they are in one state of the database. Nobody
// modifies them.
type referenceCache[T any] struct {
	mutex   sync.RWMutex
	version store.Version
	docs    map[store.ID]*T
	bytes   int
}

// get adds the cached documents to found, and returns the ids of the others.
func (r *referenceCache[T]) get(version store.Version, ids []store.ID, found map[store.ID]*T) (missing []store.ID) {
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

// put caches documents that were read in one state of the database, as far as there is room. size returns how many
// bytes a document takes.
func (r *referenceCache[T]) put(version store.Version, docs map[store.ID]*T, size func(*T) int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if version != r.version || r.bytes > maxCachedBytes {
		r.version, r.docs, r.bytes = version, make(map[store.ID]*T, len(docs)), 0
	}
	for id, doc := range docs {
		if _, known := r.docs[id]; known {
			continue
		}
		if r.bytes += size(doc); r.bytes > maxCachedBytes {
			return
		}
		r.docs[id] = doc
	}
}

// sizeOf returns roughly how many bytes a document takes in memory.
func sizeOf(doc store.Document) int {
	size := documentOverhead
	for _, pointer := range doc.Pointers(nil) {
		switch p := pointer.(type) {
		case *string:
			size += len(*p)
		case **string:
			if *p != nil {
				size += len(**p)
			}
		}
	}
	return size
}
