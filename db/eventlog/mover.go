package eventlog

import (
	"context"
	"log/slog"
	"time"

	"crm/db/store"
)

// moverBatch is how many events are moved at a time.
const moverBatch = 100

// moverPauses are short while events are moved, and make an idle server poll its store every two seconds. A process
// wakes its mover after its own writes, so polls only find events that another process couldn't move itself.
var moverPauses = Pauses{Shortest: 50 * time.Millisecond, Idle: 2 * time.Second, Failing: 5 * time.Second}

// Mover moves pending events into the log. Any number of processes may run one on the same store.
type Mover struct {
	store    store.Store
	follower *Follower
	onMoved  []func()
	pauses   Pauses
	woken    Signal
}

// MoverOption changes how a Mover works.
type MoverOption func(*Mover)

// OnMoved makes the mover call moved when there may be new events in the log: after it has moved some, and after each
// wake, since an engine may write events into the log itself. moved must not block.
func OnMoved(moved func()) MoverOption {
	return func(m *Mover) { m.onMoved = append(m.onMoved, moved) }
}

// WithPauses sets the pauses between polls.
func WithPauses(pauses Pauses) MoverOption { return func(m *Mover) { m.pauses = pauses } }

// WokenBy makes a signal wake the mover.
func WokenBy(signal Signal) MoverOption { return func(m *Mover) { m.woken = signal } }

// NewMover returns a mover of the store's events; see Run.
func NewMover(s store.Store, log *slog.Logger, options ...MoverOption) *Mover {
	m := &Mover{store: s, pauses: moverPauses, woken: NewSignal()}
	for _, option := range options {
		option(m)
	}
	m.follower = NewFollower("move events into the log", log, m.pauses, m.woken, m.round)
	return m
}

// Run moves events until ctx is done.
func (m *Mover) Run(ctx context.Context) { m.follower.Run(ctx) }

// Wake makes the mover check for events at once. It never blocks.
func (m *Mover) Wake() { m.woken.Raise() }

// round moves all events that are pending.
func (m *Mover) round(ctx context.Context, woken bool) (Outcome, error) {
	outcome := Quiet
	for {
		moved, err := m.store.MoveEvents(ctx, moverBatch)
		if moved > 0 || (woken && err == nil) {
			woken = false
			for _, moved := range m.onMoved {
				moved()
			}
		}
		if moved > 0 {
			outcome = Active
		}
		if err != nil || moved == 0 {
			return outcome, err
		}
	}
}
