package document

import (
	"container/list"
	"sync"
)

const (
	cachedDocuments = 1_000
	// cachedSource is the maximum total length of the cached documents' texts: a parsed document takes tens of times as much.
	cachedSource = 2 << 20
	// cachedDocumentSource is the maximum length of a cached document.
	cachedDocumentSource = 16 << 10
)

// documentCache keeps the most recently used documents by text, to parse and validate each only once.
type documentCache struct{ *lruCache[*Document] }

func newDocumentCache() *documentCache {
	return &documentCache{newLRUCache[*Document](cachedDocuments, cachedSource, cachedDocumentSource)}
}

func (c *documentCache) add(source string, doc *Document) {
	c.lruCache.add(source, doc, len(source))
}

// lruCache keeps the most recently used values, up to a number of entries and a total size.
type lruCache[V any] struct {
	mutex   sync.Mutex
	entries map[string]*list.Element
	// order contains the entries, most recently used first.
	order *list.List
	size  int

	maxEntries, maxSize, maxEntrySize int
}

type cached[V any] struct {
	key   string
	value V
	size  int
}

func newLRUCache[V any](maxEntries, maxSize, maxEntrySize int) *lruCache[V] {
	return &lruCache[V]{
		entries: map[string]*list.Element{}, order: list.New(),
		maxEntries: maxEntries, maxSize: maxSize, maxEntrySize: maxEntrySize,
	}
}

func (c *lruCache[V]) get(key string) (value V, ok bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	element, ok := c.entries[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(element)
	return element.Value.(*cached[V]).value, true
}

// add stores a value unless it is too large or its key already exists.
func (c *lruCache[V]) add(key string, value V, size int) {
	if size > c.maxEntrySize {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, ok := c.entries[key]; ok {
		return
	}
	c.entries[key] = c.order.PushFront(&cached[V]{key: key, value: value, size: size})
	c.size += size
	for c.order.Len() > c.maxEntries || c.size > c.maxSize {
		oldest := c.order.Remove(c.order.Back()).(*cached[V])
		delete(c.entries, oldest.key)
		c.size -= oldest.size
	}
}
