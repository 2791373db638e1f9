package transport

import (
	"encoding/binary"
	"math"
)

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
