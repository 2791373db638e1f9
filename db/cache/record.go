package cache

import "crm/db/store"

// recorder encodes documents as an engine reads them.
type recorder struct {
	fields store.Fields
	// next returns the document to read into.
	next func(id store.ID) store.Document
	// limit is how many bytes are encoded at most.
	limit int

	buffer []byte
	parts  []part
	byID   map[store.ID]part
	// doc is the document being read, about this id.
	doc      store.Document
	id       store.ID
	pointers []any
	failed   bool
}

// part is where the documents about an id are in the buffer.
type part struct {
	id                 store.ID
	count, start, stop int
}

// read returns the document to read next, about this id.
func (r *recorder) read(id store.ID) store.Document {
	r.encode()
	r.id, r.doc = id, r.next(id)
	return r.doc
}

// encode encodes the document that was read last.
func (r *recorder) encode() {
	if r.doc == nil || r.failed {
		return
	}
	if len(r.parts) == 0 || r.parts[len(r.parts)-1].id != r.id {
		r.parts = append(r.parts, part{id: r.id, start: len(r.buffer)})
	}
	r.pointers = r.doc.Pointers(r.pointers[:0])
	r.buffer = appendDocument(r.buffer, r.fields, r.pointers)
	last := &r.parts[len(r.parts)-1]
	last.count++
	last.stop = len(r.buffer)
	r.failed = len(r.buffer) > r.limit
	r.doc = nil
}

// end ends the reading; ok is false if it couldn't be recorded.
func (r *recorder) end() (ok bool) {
	r.encode()
	r.byID = make(map[store.ID]part, len(r.parts))
	for _, p := range r.parts {
		r.byID[p.id] = p
	}
	return !r.failed && len(r.byID) == len(r.parts) // otherwise the documents of an id came in several parts
}

// about returns the number of documents about an id, and these.
func (r *recorder) about(id store.ID) (count int, documents []byte) {
	p := r.byID[id]
	return p.count, r.buffer[p.start:p.stop]
}
