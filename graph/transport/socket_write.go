package transport

import (
	"encoding/binary"
	"math"
	"time"

	"crm/graph/transport/writenow"
)

// write writes a message. It returns false if the socket is closed.
func (s *socket) write(text []byte) bool {
	return s.writeFrames(append(appendFrameHeader(make([]byte, 0, len(text)+maxFrameHeader), len(text)), text...), func() {})
}

// pong answers a client's ping.
func (s *socket) pong(payload []byte) {
	s.writeFrames(append([]byte{wholePong, byte(len(payload))}, payload...), func() {})
}

// writeFrames writes whole frames, and closes the socket if the client doesn't accept them. Only pings and the last frame are
// written by the WebSocket package, each with one call. It calls wait before it waits for the client or another writer. It
// returns false if the socket is closed.
func (s *socket) writeFrames(frames []byte, wait func()) bool {
	if s.pinging.Load() {
		wait()
	}
	if !s.writing.TryLock() {
		wait()
		s.writing.Lock()
	}
	defer s.writing.Unlock()
	if s.closing {
		return false
	}
	if s.raw != nil {
		frames = frames[writenow.Write(s.raw, frames):]
	}
	if len(frames) == 0 {
		return true
	}
	wait()
	_ = s.network.SetWriteDeadline(time.Now().Add(s.exec.limits.Streams.Transfer))
	if _, err := s.network.Write(frames); err != nil {
		_ = s.network.Close()
		return false
	}
	_ = s.network.SetWriteDeadline(time.Time{})
	return true
}

// The first byte of a frame with a whole text message, or a pong, and the values of the second byte that say how many bytes the length
// of a longer message takes: RFC 6455, section 5.2.
const (
	wholeText     = 0x81
	wholePong     = 0x8a
	maxShort      = 125
	lengthInTwo   = 126
	lengthInEight = 127
	// maxFrameHeader is the size of the longest header.
	maxFrameHeader = 10
)

// appendFrameHeader appends the beginning of a frame with a text message of this length, which a server doesn't mask. Several
// frames can be written at once, which the WebSocket package can't do.
func appendFrameHeader(to []byte, length int) []byte {
	switch {
	case length <= maxShort:
		return append(to, wholeText, byte(length))
	case length <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(to, wholeText, lengthInTwo), uint16(length))
	}
	return binary.BigEndian.AppendUint64(append(to, wholeText, lengthInEight), uint64(length))
}
