package eventlog

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"crm/db/store"
)

// Outcome is the result of a round, which decides when the next one is due.
type Outcome int

const (
	// Quiet rounds found nothing to do; the pauses between them grow.
	Quiet Outcome = iota
	// Active rounds did something; the next one is due after the shortest pause.
	Active
	// Dormant rounds have no consumers; the next one is due when the follower is woken.
	Dormant
)

// Round does all pending work. woken says that the follower was woken, in contrast to a poll.
type Round func(ctx context.Context, woken bool) (Outcome, error)

// Pauses are the pauses between rounds while nobody wakes the follower. Each is twice the previous one.
type Pauses struct {
	// Shortest is the pause after an active round and after the first failure.
	Shortest time.Duration
	// Idle is the longest pause while nothing happens.
	Idle time.Duration
	// Failing is the longest pause while rounds fail.
	Failing time.Duration
}

// Follower works in rounds: at once when it is woken, else after a pause. A round that fails or panics is logged and
// tried again after growing pauses. Waking doesn't shorten these, so that a bad event isn't logged with every write,
// unless the store was unavailable: a wake then means that a write has succeeded, so the store is back.
type Follower struct {
	task   string
	log    *slog.Logger
	pauses Pauses
	round  Round
	woken  Signal
	panics atomic.Int64
}

// NewFollower returns a follower that is woken by a signal; see Run. task describes its work in the log, such as "move
// events".
func NewFollower(task string, log *slog.Logger, pauses Pauses, woken Signal, round Round) *Follower {
	return &Follower{task: task, log: log, pauses: pauses, woken: woken, round: round}
}

// Panics returns how many rounds have panicked.
func (f *Follower) Panics() int64 { return f.panics.Load() }

// Run works until ctx is done.
func (f *Follower) Run(ctx context.Context) {
	var pause time.Duration
	failing, woken := false, true
	for {
		outcome, err := Guard(func() (Outcome, error) { return f.round(ctx, woken) })
		if ctx.Err() != nil {
			return
		}
		wake := f.woken
		if err != nil {
			pause = f.failed(ctx, err, pause, failing)
			if store.CodeOf(err) != store.Unavailable {
				wake = nil
			}
		} else {
			pause = f.next(outcome, pause, failing)
		}
		failing = err != nil
		owed := woken && failing // the work that a failed round was woken for is still to be done
		if woken = f.rest(ctx, pause, wake) || owed; ctx.Err() != nil {
			return
		}
	}
}

// failed logs the error of a round and returns the pause until it is tried again.
func (f *Follower) failed(ctx context.Context, err error, pause time.Duration, failing bool) time.Duration {
	if !failing {
		pause = f.pauses.Shortest
	} else {
		pause = min(2*pause, f.pauses.Failing)
	}
	attributes := []any{"error", err, "retryIn", pause}
	if stack := StackOf(err); stack.Key != "" {
		attributes = append(attributes, "panics", f.panics.Add(1), stack)
	}
	f.log.ErrorContext(ctx, "cannot "+f.task, attributes...)
	return pause
}

// next returns the pause after a successful round; 0 means until the next wake.
func (f *Follower) next(outcome Outcome, pause time.Duration, failing bool) time.Duration {
	switch {
	case outcome == Dormant:
		return 0
	case outcome == Active || failing || pause == 0:
		return f.pauses.Shortest
	}
	return min(2*pause, max(f.pauses.Idle, f.pauses.Shortest))
}

// rest waits until the pause has passed, wake receives a value, or ctx is done; woken reports the second case.
func (f *Follower) rest(ctx context.Context, pause time.Duration, wake Signal) (woken bool) {
	var due <-chan time.Time
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-due:
	case <-wake:
		return true
	}
	return false
}
