package cache

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"sync/atomic"

	"crm/db/store"
)

// Every answer depends on the documents of a collection that hold an id in one of their fields (a document by its own id, a
// customer's tickets by the customer's), or on the whole collection, and if its filter has a subquery, on those of another
// one as well. All that documents have in common for which answers exist has a version here, and an answer contains
// the versions that were current before it was read. It is valid as long as they are.
//
// The engine announces a change before anybody can read it, which raises the versions of all that the document belongs to,
// before the change and after it. While a change is under way, nobody knows which state a read finds, so what is read
// then isn't kept. Hence no answer survives a change that anybody could have read before it was read, or that began
// before its reading ended; and whoever reads a new state never finds the former one in memory afterwards.
//
// The versions are in a table of fixed size, and ids that fall on the same entry share it: this drops a few answers
// needlessly, but needs no lock, and no search for the answers to drop.

// version identifies an entry of the table.
type version uint32

// An entry counts the changes under way in its lower bits, and all changes in the others.
const (
	underWay = 1<<24 - 1
	begun    = underWay + 1
)

type versions struct {
	seed maphash.Seed
	// entries begin with one for each collection; mask selects one of the others.
	entries []atomic.Uint64
	first   int
	mask    uint64
	// changing are the entries of the changes under way.
	changing []version
}

// belonging is what documents have in common: a field's value.
type belonging struct {
	collection version
	field      int
	id         store.ID
}

// bytesPerVersion is the number of bytes of the cache for each entry.
const bytesPerVersion = 256

func newVersions(collections, bytes int) *versions {
	size := 1 << (bits.Len(uint(max(bytes, MinBytes)/bytesPerVersion)) - 1)
	return &versions{
		seed: maphash.MakeSeed(), entries: make([]atomic.Uint64, collections+size), first: collections, mask: uint64(size) - 1,
	}
}

// size returns the number of bytes of the table.
func (v *versions) size() int { return len(v.entries) * 8 }

// of returns the version of the documents whose field of that index holds an id.
func (v *versions) of(k *kept, field int, id store.ID) version {
	hash := maphash.Comparable(v.seed, belonging{k.whole, field, id})
	return version(v.first + int(hash&v.mask))
}

// begin says that documents are about to change.
func (v *versions) begin(changing version) {
	v.entries[changing].Add(begun + 1)
	v.changing = append(v.changing, changing)
}

// end says that all changes under way can be read, or have been undone.
func (v *versions) end() {
	for _, changed := range v.changing {
		v.entries[changed].Add(^uint64(0))
	}
	v.changing = v.changing[:0]
}

// stamp says what a version was.
type stamp struct {
	of  version
	was uint64
}

// now returns what a version is.
func (v *versions) now(of version) stamp { return stamp{of, v.entries[of].Load()} }

// isSteady reports whether no change was under way.
func (s stamp) isSteady() bool { return s.was&underWay == 0 }

// stampSize is the number of bytes of a stamp in an answer.
const stampSize = 4 + 8

func (s stamp) append(to []byte) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(to, uint32(s.of)), s.was)
}

// current reports whether the versions that an answer depends on are what they were.
func (v *versions) current(a answer) bool {
	for stamps := a.stamps(); stamps != ""; stamps = stamps[stampSize:] {
		if v.entries[uint32At(stamps, 0)].Load() != uint64At(stamps, 4) {
			return false
		}
	}
	return true
}

// observer announces the engine's changes.
type observer struct{ store *Store }

// Changing implements store.Observer.
func (o observer) Changing(c *store.Collection, ids []store.ID) {
	k, v := o.store.kept[c.Name], o.store.versions
	v.begin(k.whole)
	for i, id := range ids {
		v.begin(v.of(k, k.ids[i], id))
	}
}

// Changed implements store.Observer.
func (o observer) Changed() { o.store.versions.end() }
