package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"
)

// ID identifies a document. Its twelve bytes are laid out like a MongoDB ObjectID (seconds, a random number of this
// process, a counter), so that ids of both engines look alike and grow with time.
type ID [12]byte

// process makes the ids of two processes differ.
var process = newProcess()

type processID struct {
	random  [5]byte
	counter atomic.Uint32
}

func newProcess() *processID {
	var seed [9]byte
	_, _ = rand.Read(seed[:]) // crypto/rand.Read never returns an error
	p := &processID{random: [5]byte(seed[:5])}
	p.counter.Store(binary.BigEndian.Uint32(seed[5:]))
	return p
}

// NewID returns an id that no other call, in this process or another, returns.
func NewID() ID {
	var id ID
	binary.BigEndian.PutUint32(id[:4], uint32(time.Now().Unix()))
	copy(id[4:9], process.random[:])
	n := process.counter.Add(1)
	id[9], id[10], id[11] = byte(n>>16), byte(n>>8), byte(n)
	return id
}

// DerivedID returns the id derived from these parts. The same parts give the same id, which makes it harmless to write
// a document twice.
func DerivedID(parts ...string) ID {
	sum := sha256.New()
	for _, part := range parts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		sum.Write(size[:])
		sum.Write([]byte(part))
	}
	return ID(sum.Sum(nil)[:12])
}

// ParseID parses the 24 hexadecimal digits that String returns.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != hex.EncodedLen(len(id)) {
		return ID{}, fmt.Errorf("cannot parse id: it has %d digits, not 24", len(text))
	}
	if _, err := hex.Decode(id[:], []byte(text)); err != nil {
		return ID{}, fmt.Errorf("cannot parse id: %w", err)
	}
	return id, nil
}

// String returns the id as 24 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id is the zero value, which identifies nothing.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText writes the id as String does.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
