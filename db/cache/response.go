package cache

import (
	"context"
	"encoding/binary"
	"sync"

	"crm/db/store"
)

// A response is kept like an answer: with the versions of all that it was read from.

// recording notes what the reads of one response depend on.
type recording struct {
	mutex  sync.Mutex
	stamps []byte
	// versions is the number of stamps, reads that of the reads that they cover.
	versions, reads int
}

type recordingKey struct{}

// Record returns a context whose reads are noted. keep keeps a response that was made from so many reads under that context, and from
// nothing else; it does nothing if it isn't known what all of them depend on.
func (s *Store) Record(ctx context.Context) (recorded context.Context, keep func(key [16]byte, response []byte, reads int)) {
	r := new(recording)
	return context.WithValue(ctx, recordingKey{}, r), func(key [16]byte, response []byte, reads int) {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		if size := headerSize + len(r.stamps) + len(response); reads != r.reads || r.versions > maxStamps || size > s.maxAnswer {
			return
		}
		buffer := make([]byte, 0, headerSize+len(r.stamps)+binary.MaxVarintLen64+len(response))
		buffer = append(appendHeader(buffer, r.versions), r.stamps...)
		s.answers.Set(responseKey(key), answer(append(binary.AppendVarint(buffer, int64(reads)), response...)))
	}
}

// Recall returns the response that was kept under a key, and the number of reads that it was made from. ok is false if there is none,
// or if something that it was read from has changed since.
func (s *Store) Recall(key [16]byte) (response string, reads int, ok bool) {
	a := s.lookUp(responseKey(key))
	if a == "" {
		return "", 0, false
	}
	content := a.content()
	reads = content.number()
	return content.text, reads, true
}

// responseKey makes the key of a response differ from those of all questions.
func responseKey(k [16]byte) key { return key{asked: k, id: store.ID{0: 0xff, 11: 0xff}} }

// recordingOf returns the recording of a read, nil if there is none.
func recordingOf(ctx context.Context) *recording {
	r, _ := ctx.Value(recordingKey{}).(*recording)
	return r
}

// noteFound notes a read that was answered from memory.
func (r *recording) noteFound(a answer) {
	if r == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.addFound(a)
	r.reads++
}

// noteRead notes a read that the engine answered.
func (r *recording) noteRead(b basis) {
	if r == nil || !b.isKnown {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.add(b.stamps)
	r.reads++
}

// notePerID notes a read about several ids, which memory has answered for some of them.
func (r *recording) notePerID(e *perID) {
	if r == nil || len(e.missing) > 0 && !e.basis.isKnown {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, one := range e.stamps {
		if !one.isSteady() {
			return
		}
	}
	for _, a := range e.found {
		if a != "" {
			r.addFound(a)
		}
	}
	r.add(e.basis.stamps)
	r.add(e.stamps)
	r.reads++
}

func (r *recording) addFound(a answer) {
	r.versions += a.versions()
	r.stamps = append(r.stamps, a.stamps()...)
}

func (r *recording) add(stamps []stamp) {
	r.versions += len(stamps)
	for _, one := range stamps {
		r.stamps = one.append(r.stamps)
	}
}
