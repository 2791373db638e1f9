package live

import (
	"context"
	"sync"
	"sync/atomic"
)

// Encodings keeps encoded forms of a change, so that each is made once for all subscribers who get the same. The zero value
// is empty.
type Encodings struct {
	// first is the form that was asked for first: mostly, all subscribers of a group want the same.
	first  atomic.Pointer[encoding]
	mutex  sync.Mutex
	others map[any]*encoding
}

// encoding is one form of a change.
type encoding struct {
	key any
	// made is closed when the other fields are final. If neither is set, the maker left or failed, and somebody else has to
	// make the form.
	made chan struct{}
	text []byte
	// separate means that the form differs between subscribers, or can't be made.
	separate bool
}

// Get returns the form of a change that a key names, and calls encode to make it if nobody has. Others who want the same
// form meanwhile wait for it. If encode returns shared = false, its result is only for its caller: the others make their
// own. ctx is the caller's; Get returns nil if it is done while another makes the form. wait is called before such waiting.
func (e *Encodings) Get(ctx context.Context, key any, wait func(), encode func() (text []byte, shared bool)) []byte {
	for {
		form, mine := e.form(key)
		if mine {
			return e.make(ctx, form, encode)
		}
		if !form.await(ctx, wait) {
			return nil
		}
		switch {
		case form.separate:
			text, _ := encode()
			return text
		case form.text != nil:
			return form.text
		}
	}
}

// await waits until the form is made, or has been given up. It returns false if ctx is done first.
func (f *encoding) await(ctx context.Context, wait func()) bool {
	select {
	case <-f.made:
		return true
	default:
		wait()
	}
	select {
	case <-f.made:
		return true
	case <-ctx.Done():
		return false
	}
}

// form returns the form with a key; mine means that the caller has to make it.
func (e *Encodings) form(key any) (form *encoding, mine bool) {
	if first := e.first.Load(); first != nil && first.key == key {
		return first, false
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	first := e.first.Load()
	if first != nil && first.key == key {
		return first, false
	}
	if form = e.others[key]; form != nil {
		return form, false
	}
	form = &encoding{key: key, made: make(chan struct{})}
	if first == nil {
		e.first.Store(form)
		return form, true
	}
	if e.others == nil {
		e.others = make(map[any]*encoding, 1)
	}
	e.others[key] = form
	return form, true
}

func (e *Encodings) make(ctx context.Context, form *encoding, encode func() (text []byte, shared bool)) []byte {
	defer func() {
		if form.text == nil && !form.separate {
			e.drop(form)
		}
		close(form.made)
	}()
	text, shared := encode()
	switch {
	case shared:
		form.text = text
	case ctx.Err() == nil: // otherwise the caller left, which doesn't concern the others
		form.separate = true
	}
	return text
}

func (e *Encodings) drop(form *encoding) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if !e.first.CompareAndSwap(form, nil) {
		delete(e.others, form.key)
	}
}
