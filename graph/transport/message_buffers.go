package transport

import "sync"

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
