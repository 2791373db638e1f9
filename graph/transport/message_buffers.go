package transport

import "sync"

// messageBuffers keeps buffers for messages, because thousands of subscriptions may send at the same time.
type messageBuffers struct{ pool sync.Pool }

// maxMessageBuffer is the largest buffer worth keeping.
const maxMessageBuffer = 4 * batchSize

func (b *messageBuffers) get() *[]byte {
	if buffer, ok := b.pool.Get().(*[]byte); ok {
		return buffer
	}
	return new([]byte)
}

func (b *messageBuffers) put(buffer *[]byte) {
	if cap(*buffer) <= maxMessageBuffer {
		b.pool.Put(buffer)
	}
}
