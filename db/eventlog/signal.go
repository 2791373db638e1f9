package eventlog

// Signal wakes whoever receives from it. However often it is raised before that, it is received once.
type Signal chan struct{}

// NewSignal returns a signal that hasn't been raised.
func NewSignal() Signal { return make(Signal, 1) }

// Raise never blocks.
func (s Signal) Raise() {
	select {
	case s <- struct{}{}:
	default: // the receiver is about to look already
	}
}
