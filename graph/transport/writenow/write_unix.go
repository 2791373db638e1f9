//go:build unix

// Package writenow writes to a connection without waiting for it.
package writenow

import "syscall"

// Write writes as much as the connection takes without waiting, and returns how much that was. An error is left to the next
// write.
func Write(conn syscall.RawConn, text []byte) (written int) {
	_ = conn.Write(func(descriptor uintptr) bool {
		written, _ = syscall.Write(int(descriptor), text)
		return true
	})
	return max(0, written)
}
