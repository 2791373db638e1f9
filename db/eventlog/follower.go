package eventlog

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"crm/db/store"
)

// Outcome is what a round found to do, which decides when the next one is due.
type Outcome int

const (
	// Quiet rounds found nothing to do; the pauses between them grow.
	Quiet Outcome = iota
	// Active rounds did something; the next one is due after the shortest pause.
	Active
	// Dormant rounds have nobody to work for; the next one is due when the follower is woken.
	Dormant
)

// Round does all there is to do. woken says that somebody knows of something, in contrast to a poll.
type Round func(ctx context.Context, woken bool) (Outcome, error)

// Pauses are those between the rounds of a follower that nobody wakes. Each is twice the one before it.
type Pauses struct {
	// Shortest is the pause after an active round and after the first failure.
	Shortest time.Duration
	// Idle is the longest pause while nothing happens.
	Idle time.Duration
	// Failing is the longest pause while rounds fail.
	Failing time.Duration
}

// Follower works in rounds: at once when it is woken, else after a pause. A round that fails or panics is logged and
// tried again, after pauses that grow. Waking doesn't shorten these, so that a bad event isn't logged with every write,
// unless the store was away: whoever wakes the follower then has written, so the store is back.
type Follower struct {
	task   string
	log    *slog.Logger
	pauses Pauses
	round  Round
	woken  Signal
	panics atomic.Int64
}

// NewFollower returns a follower that is woken by a signal; see Run. task says in the log what it does, as in "move events".
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
		owed := woken && failing // what a failed round was woken for is still to be done
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

// next returns the pause after a round that succeeded; 0 is for ever.
func (f *Follower) next(outcome Outcome, pause time.Duration, failing bool) time.Duration {
	switch {
	case outcome == Dormant:
		return 0
	case outcome == Active || failing || pause == 0:
		return f.pauses.Shortest
	}
	return min(2*pause, max(f.pauses.Idle, f.pauses.Shortest))
}

// rest waits until the pause has passed, wake receives, or ctx is done; woken says that it was the second.
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
