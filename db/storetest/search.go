package storetest

import (
	"strings"
	"testing"

	"crm/db/store"
)

// testLongSearch searches for long substrings that differ only at their end.
func testLongSearch(t *testing.T, e Engine) {
	s := e.Open(t, things)
	long := strings.Repeat("0123456789", 50)
	found, other := newThing(func(d *thing) { d.Name = "x" + long + "abc" }), newThing(func(d *thing) { d.Name = long + "abd" })
	insert(t, s, things, found, other)
	for sought, want := range map[string]int{long: 2, long + "abc": 1, long + "abd": 1, long + "abe": 0, strings.Repeat("9", 20_000): 0} {
		got := findThings(t, s, store.Query{Where: store.Compare(store.OpContains, "name", sought)})
		if len(got) != want {
			t.Errorf("%d things have …%s in their name, want %d", len(got), sought[len(sought)-3:], want)
		}
	}
}
