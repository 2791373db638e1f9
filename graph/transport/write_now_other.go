//go:build !unix

package transport

import "syscall"

// writeNow writes nothing: on this platform, every write may wait.
func writeNow(syscall.RawConn, []byte) (written int) { return 0 }
