package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// These tests send the program what should never be sent, and look at how it fares: each attack is answered or cut at
// once, memory is given back, and who sends nothing of the kind notices little. The aims are 100 ms, 20 MB, and a p99
// that at most doubles; they are printed, and what is asserted leaves room for a busy machine.
const (
	hostileTime   = 2 * time.Second
	hostileMemory = 20 << 20
)

// attack does harm until it is answered or cut off. Its error says how the server should have ended it.
type attack func(ctx context.Context, a *attacker) error

// nothing is what the others are compared with.
const nothing = "nothing"

func attacks() map[string]attack {
	all := hostileStreams()
	all["hostile requests"] = sendHostileRequests
	all["hostile requests, 16 at once"] = func(ctx context.Context, a *attacker) error {
		return atOnce(16, func(int) error { return sendHostileRequests(ctx, a) })
	}
	all["another normal client"] = func(ctx context.Context, a *attacker) error {
		_, err := askNormally(ctx, a.url, a.token)
		return err
	}
	all[nothing] = func(ctx context.Context, _ *attacker) error {
		rest, cancel := context.WithTimeout(ctx, attackTime)
		defer cancel()
		<-rest.Done()
		return nil
	}
	return all
}

// attackTime is how long an attack goes on.
const attackTime = 2 * time.Second

type attacker struct {
	url, token string

	mutex  sync.Mutex
	report attackReport
}

// attackReport is what an attacker writes at its end.
type attackReport struct {
	// Cut is how long after its last byte a client was answered or cut off, at most.
	Cut time.Duration
	Err string
}

func (a *attacker) wasCut(after time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.report.Cut = max(a.report.Cut, after)
}

// run attacks, again and again.
func (a *attacker) run(ctx context.Context, do attack) {
	ending := time.After(attackTime)
	for over := false; !over && a.report.Err == ""; {
		if err := do(ctx, a); err != nil {
			a.report.Err = err.Error()
		}
		select {
		case <-ending:
			over = true
		default:
		}
	}
}

// TestBesideAttacks is not parallel, for its figures' sake. It measures a normal client, beside each attack.
func TestBesideAttacks(t *testing.T) {
	p := serve(t, t.TempDir(), "LOG_LEVEL=error")
	token, _ := populate(p)
	askMany(p, token, 400)
	memory := residentMemory(t, p)
	alone := beside(t, p, token, nothing)
	t.Logf("%-34s %s", "a normal client alone", alone)
	for name := range attacks() {
		if name == nothing {
			continue
		}
		measured := beside(t, p, token, name)
		t.Logf("%-34s %s", name, measured)
		if measured.report.Err != "" {
			t.Errorf("%s: %.500s", name, measured.report.Err)
		}
		if measured.report.Cut > initTime+hostileTime {
			t.Errorf("%s is cut after %s", name, measured.report.Cut)
		}
		if measured.percentile(99) > 10*alone.percentile(99)+200*time.Millisecond {
			t.Errorf("beside %s, the normal client's p99 is %s", name, measured.percentile(99))
		}
	}
	if memory == 0 {
		return
	}
	eventually(t, "the memory is given back", func() bool { return residentMemory(t, p) < memory+hostileMemory })
	t.Logf("memory: %d KB before, %d KB afterwards", memory>>10, residentMemory(t, p)>>10)
}

// besides is how a normal client fared beside an attack.
type besides struct {
	report attackReport
	// took is how long its requests took, in order.
	took []time.Duration
}

// beside has a normal client ask while the server is attacked.
func beside(t *testing.T, p *process, token, name string) besides {
	t.Helper()
	var measured besides
	client, stop := start(t, p, token, normalClient, "--fifo", "1")
	attacker, _ := start(t, p, token, name, "--idle", "0")
	attacker(&measured.report)
	stop()
	client(&measured.took)
	slices.Sort(measured.took)
	return measured
}

func (b besides) percentile(n int) time.Duration {
	return b.took[min(len(b.took)*n/100, len(b.took)-1)].Round(10 * time.Microsecond)
}

func (b besides) String() string {
	return fmt.Sprintf("%5d requests, p50 %s, p99 %s; cut after %.2f ms",
		len(b.took), b.percentile(50), b.percentile(99), float64(b.report.Cut.Microseconds())/1000)
}
