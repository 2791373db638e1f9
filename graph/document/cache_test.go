package document

import (
	"fmt"
	"strings"
	"testing"
)

func TestDocumentCacheForgetsTheOldest(t *testing.T) {
	t.Parallel()
	cache := newDocumentCache()
	kept := new(Document)
	cache.add("kept", kept)
	for i := range 2 * cachedDocuments {
		cache.add(fmt.Sprint(i), new(Document))
		if got, ok := cache.get("kept"); !ok || got != kept {
			t.Fatalf("the most recently used document is gone after %d", i)
		}
	}
	if _, ok := cache.get("0"); ok || cache.order.Len() != cachedDocuments || len(cache.entries) != cachedDocuments {
		t.Errorf("has %d documents", cache.order.Len())
	}
}

func TestDocumentCacheIsBoundedInSize(t *testing.T) {
	t.Parallel()
	cache := newDocumentCache()
	cache.add(strings.Repeat(" ", cachedDocumentSource+1), new(Document))
	if cache.order.Len() != 0 {
		t.Error("a long document is cached")
	}
	for i := range cachedDocuments {
		cache.add(fmt.Sprintf("%*d", cachedDocumentSource, i), new(Document))
	}
	if cache.size > cachedSource || cache.order.Len() != cachedSource/cachedDocumentSource {
		t.Errorf("has %d bytes in %d documents", cache.size, cache.order.Len())
	}
}

func TestDerivedIsBoundedInSize(t *testing.T) {
	t.Parallel()
	doc := new(Document)
	doc.KeepDerived("small", 1, maxDerived)
	doc.KeepDerived("too much", 2, 1)
	if value, ok := doc.Derived("small"); !ok || value != 1 {
		t.Errorf("small is %v", value)
	}
	if value, ok := doc.Derived("too much"); ok {
		t.Errorf("too much is %v", value)
	}
}
