//go:build unix

package transport

import "syscall"

// writeNow writes as much as the connection takes without waiting, and returns how much that was. An error is left to the next
// write.
func writeNow(conn syscall.RawConn, text []byte) (written int) {
	_ = conn.Write(func(descriptor uintptr) bool {
		written, _ = syscall.Write(int(descriptor), text)
		return true
	})
	return max(0, written)
}
