package transport

import (
	"runtime"
	"sync"
)

// senders runs the subscriptions that have something to send, a few at a time. If each had a goroutine that the scheduler has
// to run, every other request would wait behind thousands of them. A subscription that has to wait, for the store or for a slow
// client, hands its place over, so that it doesn't delay the others.
type senders struct {
	buffers messageBuffers
	limit   int

	mutex sync.Mutex
	// first and last are the ends of the list of subscriptions that wait to be run.
	first, last *subscription
	running     int
}

// newSenders returns senders that use half of the processors, and leave the others to requests.
func newSenders() *senders { return &senders{limit: max(1, runtime.GOMAXPROCS(0)/2)} }

// add runs a subscription as soon as possible. It doesn't block.
func (p *senders) add(s *subscription) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.last == nil {
		p.first = s
	} else {
		p.last.following = s
	}
	p.last = s
	if p.running < p.limit {
		p.running++
		go p.work()
	}
}

// next returns the next subscription, or nil if none is waiting; the sender then ends.
func (p *senders) next() *subscription {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	s := p.first
	if s == nil {
		p.running--
		return nil
	}
	if p.first, s.following = s.following, nil; p.first == nil {
		p.last = nil
	}
	return s
}

// runsPerYield is the number of subscriptions after which a sender lets other goroutines run.
const runsPerYield = 32

// work runs subscriptions as long as there are any, or until it has handed its place over.
func (p *senders) work() {
	w := &sender{pool: p}
	w.encode, w.wait = w.encodeNext, w.handOver
	defer w.end()
	for runs := 1; ; runs++ {
		s := p.next()
		if s == nil {
			return
		}
		w.run(s)
		if w.replaced {
			return
		}
		if runs%runsPerYield == 0 {
			runtime.Gosched()
		}
	}
}

// sender is a goroutine that runs subscriptions.
type sender struct {
	pool *senders
	// subscription is the one that runs now, text are its messages that wait to be written. gone means that its client
	// doesn't accept them.
	subscription *subscription
	text         []byte
	gone         bool
	// buffer is where text belongs. A sender that only waits has none.
	buffer *[]byte
	// replaced means that another sender has taken this one's place, waited that the last response may have taken long.
	replaced, waited bool
	// These are methods as values, so that passing them allocates nothing.
	encode func() (encoded []byte, shared bool)
	wait   func()
}

func (w *sender) end() {
	if w.buffer != nil {
		*w.buffer = w.text
		w.pool.buffers.put(w.buffer)
	}
}

// handOver is called before anything that may take long.
func (w *sender) handOver() {
	w.waited = true
	if w.replaced {
		return
	}
	w.replaced = true
	p := w.pool
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.first == nil {
		p.running--
		return
	}
	go p.work()
}

// encodeNext encodes the response for the next element of the subscription.
func (w *sender) encodeNext() (encoded []byte, shared bool) {
	w.handOver()
	return w.subscription.encode()
}

// run sends all available responses of a subscription.
func (w *sender) run(s *subscription) {
	w.subscription, w.gone = s, false
	ended := false
	defer func() {
		if cause := recover(); cause != nil {
			ended, s.failed = true, s.exec.fail(s.ctx, s.exec.PresentRecoveredError(s.ctx, cause))
		}
		w.text = w.text[:0]
		if ended {
			w.handOver()
			s.ended(s.failed)
		}
	}()
	for !ended {
		waiting := s.source.Take()
		if waiting == 0 {
			return // the next announcement adds the subscription again, maybe already
		}
		ended = w.send(waiting)
	}
}

// batchSize is how many bytes of messages are collected before they are written.
const batchSize = 16 << 10

// send sends the next responses, as many as are waiting, with as few writes as possible: responses that are ready don't wait for
// more than one that isn't. It reports whether the subscription is over.
func (w *sender) send(waiting int) (over bool) {
	s := w.subscription
	for more := true; waiting > 0 && more && !w.gone; waiting-- {
		var response []byte
		if response, more = s.next(w); response != nil {
			w.append(response)
		}
		if w.waited || len(w.text) >= batchSize {
			w.writeText()
		}
		over = !more
	}
	w.writeText()
	if w.gone {
		s.failed = nil
	}
	return over || w.gone
}

// append appends the message with a response.
func (w *sender) append(response []byte) {
	if w.buffer == nil {
		w.buffer = w.pool.buffers.get()
		w.text = (*w.buffer)[:0]
	}
	w.text = w.subscription.to.appendNext(w.text, response)
}

// writeText writes the messages that wait.
func (w *sender) writeText() {
	if len(w.text) > 0 && !w.gone {
		w.gone = !w.subscription.to.write(w.text, w.wait)
	}
	w.text, w.waited = w.text[:0], false
}

// messageBuffers keeps the buffers of senders.
type messageBuffers struct{ pool sync.Pool }

// bufferSize leaves room for a last message, and maxBufferSize is the largest buffer worth keeping.
const (
	bufferSize    = batchSize + 4<<10
	maxBufferSize = 4 * batchSize
)

func (b *messageBuffers) get() *[]byte {
	if buffer, ok := b.pool.Get().(*[]byte); ok {
		return buffer
	}
	buffer := make([]byte, 0, bufferSize)
	return &buffer
}

func (b *messageBuffers) put(buffer *[]byte) {
	if cap(*buffer) <= maxBufferSize {
		b.pool.Put(buffer)
	}
}
