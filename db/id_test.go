package db

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"crm/db/store"
)

func TestNewID(t *testing.T) {
	t.Parallel()
	var mutex sync.Mutex
	seen := map[store.ID]bool{}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			last := store.ID{}
			for range 1000 {
				id := store.NewID()
				mutex.Lock()
				if seen[id] {
					t.Errorf("got %s twice", id)
				}
				seen[id] = true
				mutex.Unlock()
				if bytes.Compare(id[:4], last[:4]) < 0 {
					t.Errorf("got %s after %s", id, last)
				}
				last = id
			}
		})
	}
	group.Wait()
}

func TestDerivedID(t *testing.T) {
	t.Parallel()
	seen := map[store.ID]bool{}
	for _, parts := range [][]string{{"a", "bc"}, {"ab", "c"}, {"abc"}, {"a", "bc", ""}, {"", "a", "bc"}, {}, {""}, {"bc", "a"}} {
		id := store.DerivedID(parts...)
		if seen[id] {
			t.Errorf("%q has the id of other parts", parts)
		}
		seen[id] = true
		if again := store.DerivedID(parts...); again != id {
			t.Errorf("%q has the ids %s and %s", parts, id, again)
		}
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	id := store.NewID()
	for _, text := range []string{id.String(), strings.ToUpper(id.String())} {
		if got, err := store.ParseID(text); err != nil || got != id {
			t.Errorf("%s is parsed as %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", id.String()[:23], id.String() + "0", id.String()[:23] + "g", strings.Repeat("é", 12)} {
		if got, err := store.ParseID(text); err == nil || !got.IsZero() {
			t.Errorf("%q is parsed as %s", text, got)
		}
	}
	var read store.ID
	if text, err := id.MarshalText(); err != nil || read.UnmarshalText(text) != nil || read != id {
		t.Errorf("%s is marshalled as %q and parsed as %s: %v", id, text, read, err)
	}
	if err := read.UnmarshalText([]byte("nonsense")); err == nil || read != id {
		t.Errorf("parsing nonsense returns %v and changes %[3]s to %[2]s", err, read, id)
	}
}

func TestGlobalID(t *testing.T) {
	t.Parallel()
	id := store.NewID()
	for _, def := range Catalog().All() {
		kind := def.Kind
		if kind == "" {
			continue
		}
		text := kind.GlobalID(id)
		if gotKind, got, err := ParseGlobalID(text); err != nil || gotKind != kind || got != id {
			t.Errorf("%s is parsed as %s %s, %v", text, gotKind, got, err)
		}
		if got, err := ParseID(kind, text); err != nil || got != id {
			t.Errorf("%s is parsed as %s, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "_", "usr", "usr_", id.String(), "usr" + id.String(), "USR_" + id.String(), "usr__" + id.String(), "abc_" + id.String(),
		"usr_" + id.String() + "\x00", " usr_" + id.String(), "usr_" + id.String() + "_1", `{"$gt": ""}`,
	} {
		if _, _, err := ParseGlobalID(text); store.CodeOf(err) != store.BadInput || err.Error() != "is not an id of this server" {
			t.Errorf("%q is parsed with error %v", text, err)
		}
	}
	_, err := ParseID(KindCustomer, KindTicket.GlobalID(id))
	if store.CodeOf(err) != store.BadInput || err.Error() != "is the id of a ticket, not of a customer" {
		t.Errorf("a ticket's id for a customer's: %v", err)
	}
	_, err = ParseID(KindUser, KindInteraction.GlobalID(id))
	if store.CodeOf(err) != store.BadInput || err.Error() != "is the id of an interaction, not of a user" {
		t.Errorf("an interaction's id for a user's: %v", err)
	}
}
