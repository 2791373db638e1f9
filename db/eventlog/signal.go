package eventlog

// Signal wakes its receiver. However often it is raised before that, it is received once.
type Signal chan struct{}

// NewSignal returns a signal that hasn't been raised.
func NewSignal() Signal { return make(Signal, 1) }

// Raise never blocks.
func (s Signal) Raise() {
	select {
	case s <- struct{}{}:
	default: // it has been raised already
	}
}
