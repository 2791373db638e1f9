//go:build !unix || solaris || aix

package mongotest

// lock locks nothing: where there is no flock, concurrent test binaries build the program each for itself, which costs
// time but does no harm.
func lock(string) (unlock func(), err error) { return func() {}, nil }
