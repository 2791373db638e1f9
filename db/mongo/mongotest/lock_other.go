//go:build !unix || solaris || aix

package mongotest

// lock does nothing: without flock, each of several concurrent test binaries builds the program, which costs time but
// does no harm.
func lock(string) (unlock func(), err error) { return func() {}, nil }
