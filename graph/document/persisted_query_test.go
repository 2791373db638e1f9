package document

import (
	"fmt"
	"strings"
	"testing"
)

func TestRegisteredQueriesAreBounded(t *testing.T) {
	t.Parallel()
	queries := newRegisteredQueries()
	for i := range 2 * persistedQueries {
		text := fmt.Sprintf("%*d", persistedQuerySource/8, i)
		queries.register(text, documentName{id: hashOf(text), isHash: true})
	}
	if queries.texts.size > persistedSource || queries.texts.order.Len() != 8*persistedSource/persistedQuerySource {
		t.Errorf("has %d bytes in %d texts", queries.texts.size, queries.texts.order.Len())
	}
	long := strings.Repeat(" ", persistedQuerySource+1)
	queries.register(long, documentName{id: "long", isHash: true})
	if _, ok := queries.texts.get("long"); ok {
		t.Error("a text that is too long is kept")
	}
}
