package entity

import (
	"slices"
	"testing"

	"crm/db/store"
)

// TestDependentsComeInOrder checks that what belongs to another dependent comes after it, wherever it is declared.
func TestDependentsComeInOrder(t *testing.T) {
	t.Parallel()
	define := func(name string, owners ...string) *Definition {
		def := &Definition{Collection: &store.Collection{Name: name}, TypeName: name}
		for _, owner := range owners {
			def.References = append(def.References, Reference{Field: "of_" + owner, Owner: owner, OnDelete: Cascade})
		}
		return def
	}
	owner := define("ticket")
	c := NewCatalog(
		define("scan", "ticket", "file"), define("file", "ticket", "message"), define("tag", "ticket"),
		owner, define("message", "ticket", "message"), define("one", "ticket", "two"), define("two", "ticket", "one"),
	)
	var names []string
	for _, d := range c.dependents(owner) {
		names = append(names, d.def.TypeName)
	}
	if want := []string{"tag", "message", "file", "scan", "one", "two"}; !slices.Equal(names, want) {
		t.Errorf("the dependents are %v, want %v", names, want)
	}
}
