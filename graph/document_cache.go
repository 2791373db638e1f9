package graph

import (
	"container/list"
	"sync"
)

const (
	cachedDocuments = 1_000
	// cachedSource is the length of all cached documents' texts together: parsed, a document takes tens of times as much.
	cachedSource = 2 << 20
	// cachedDocumentSource is the length up to which a document is cached.
	cachedDocumentSource = 16 << 10
)

// documentCache keeps the documents that were used last, so that they need be parsed and validated only once.
type documentCache struct {
	mutex   sync.Mutex
	entries map[string]*list.Element
	// recent has the entries, the one that was used last in front.
	recent *list.List
	source int
}

type cachedDocument struct {
	source string
	doc    *document
}

func newDocumentCache() *documentCache {
	return &documentCache{entries: map[string]*list.Element{}, recent: list.New()}
}

func (c *documentCache) get(source string) (*document, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	element, ok := c.entries[source]
	if !ok {
		return nil, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(*cachedDocument).doc, true
}

func (c *documentCache) add(source string, doc *document) {
	if len(source) > cachedDocumentSource {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, ok := c.entries[source]; ok {
		return
	}
	c.entries[source] = c.recent.PushFront(&cachedDocument{source: source, doc: doc})
	c.source += len(source)
	for c.recent.Len() > cachedDocuments || c.source > cachedSource {
		oldest := c.recent.Remove(c.recent.Back()).(*cachedDocument)
		delete(c.entries, oldest.source)
		c.source -= len(oldest.source)
	}
}
