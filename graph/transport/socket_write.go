package transport

import "time"

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
		frames = frames[writeNow(s.raw, frames):]
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
