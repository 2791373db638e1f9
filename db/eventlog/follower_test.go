package eventlog_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crm/db/eventlog"
	"crm/db/store"
)

var pauses = eventlog.Pauses{Shortest: time.Second, Idle: 4 * time.Second, Failing: 8 * time.Second}

// rounds runs a follower whose rounds end as scripted, and returns when each began. The last one stops the follower. In
// a synctest bubble, time passes only while all goroutines wait.
func rounds(t *testing.T, log *slog.Logger, script []func() (eventlog.Outcome, error), during func(f *eventlog.Follower, woken eventlog.Signal)) (at []int, woken []bool) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	began := time.Now()
	signal := eventlog.NewSignal()
	f := eventlog.NewFollower("follow", log, pauses, signal, func(_ context.Context, wasWoken bool) (eventlog.Outcome, error) {
		at, woken = append(at, int(time.Since(began)/time.Second)), append(woken, wasWoken)
		step := script[len(at)-1]
		if len(at) == len(script) {
			stop()
		}
		return step()
	})
	if during != nil {
		go during(f, signal)
	}
	f.Run(ctx)
	return at, woken
}

func ends(outcome eventlog.Outcome, err error) func() (eventlog.Outcome, error) {
	return func() (eventlog.Outcome, error) { return outcome, err }
}

func panics() (eventlog.Outcome, error) { panic("a bad event") }

func TestPauses(t *testing.T) {
	t.Parallel()
	quiet, active, dormant := ends(eventlog.Quiet, nil), ends(eventlog.Active, nil), ends(eventlog.Dormant, nil)
	fails := ends(eventlog.Quiet, errors.New("a bad event"))
	down := ends(eventlog.Quiet, store.Errorf(store.Unavailable, "the store is not available"))
	wakeAfter := func(pause time.Duration) func(*eventlog.Follower, eventlog.Signal) {
		return func(_ *eventlog.Follower, woken eventlog.Signal) {
			time.Sleep(pause)
			woken.Raise()
		}
	}
	for name, test := range map[string]struct {
		script []func() (eventlog.Outcome, error)
		during func(*eventlog.Follower, eventlog.Signal)
		want   []int
	}{
		"grow while nothing happens":         {[]func() (eventlog.Outcome, error){quiet, quiet, quiet, quiet, quiet}, nil, []int{0, 1, 3, 7, 11}},
		"shrink when something does":         {[]func() (eventlog.Outcome, error){quiet, quiet, active, quiet, quiet}, nil, []int{0, 1, 3, 4, 6}},
		"end with a wake":                    {[]func() (eventlog.Outcome, error){quiet, quiet, quiet, quiet}, wakeAfter(2 * time.Second), []int{0, 1, 2, 6}},
		"last for ever when dormant":         {[]func() (eventlog.Outcome, error){dormant, quiet, quiet}, wakeAfter(time.Hour), []int{0, 3600, 3601}},
		"grow while rounds fail":             {[]func() (eventlog.Outcome, error){fails, fails, panics, fails, panics, fails}, nil, []int{0, 1, 3, 7, 15, 23}},
		"don't end with a wake after errors": {[]func() (eventlog.Outcome, error){fails, fails, fails, quiet, quiet}, wakeAfter(2 * time.Second), []int{0, 1, 3, 7, 7}},
		"end with a wake after an outage":    {[]func() (eventlog.Outcome, error){down, down, quiet, quiet}, wakeAfter(2 * time.Second), []int{0, 1, 2, 3}},
		"shrink when rounds succeed again":   {[]func() (eventlog.Outcome, error){fails, fails, quiet, quiet, quiet}, nil, []int{0, 1, 3, 4, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if at, _ := rounds(t, slog.New(slog.DiscardHandler), test.script, test.during); !slices.Equal(at, test.want) {
					t.Errorf("rounds begin at %v, want %v", at, test.want)
				}
			})
		})
	}
}

func TestFailedRoundIsStillWoken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fails := ends(eventlog.Quiet, errors.New("the store is not available"))
		script := []func() (eventlog.Outcome, error){fails, ends(eventlog.Quiet, nil), ends(eventlog.Quiet, nil)}
		_, woken := rounds(t, slog.New(slog.DiscardHandler), script, nil)
		if want := []bool{true, true, false}; !slices.Equal(woken, want) {
			t.Errorf("rounds are woken: %v, want %v", woken, want)
		}
	})
}

func TestPanicIsLoggedAndCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		log := slog.New(slog.NewTextHandler(&text, nil))
		counted := make(chan int64, 1)
		rounds(t, log, []func() (eventlog.Outcome, error){panics, panics, ends(eventlog.Quiet, nil)}, func(f *eventlog.Follower, _ eventlog.Signal) {
			time.Sleep(2 * time.Second)
			counted <- f.Panics()
		})
		for _, want := range []string{`msg="cannot follow"`, `error="panic: a bad event"`, "panics=2", "follower_test.go"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("the log lacks %s:\n%s", want, text.String())
			}
		}
		if n := <-counted; n != 2 {
			t.Errorf("%d panics are counted, want 2", n)
		}
	})
}
