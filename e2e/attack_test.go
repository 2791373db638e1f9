package e2e_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// These tests send the program what should never be sent, and look at how it fares: each attack is answered or cut,
// memory is given back, and who sends nothing of the kind notices little. The aims are 100 ms, 20 MB, and a p99
// that at most doubles. Times are printed only, since they depend on what else the machine does. On one that does nothing
// else, MEASURE=true has TestBesideAttacks take the time for figures that count.
const hostileMemory = 20 << 20

// attack does harm until it is answered or cut off.
type attack struct {
	// do does it; its error says how the server should have ended it.
	do func(ctx context.Context, a *attacker) error
	// sustained has it done again and again, as long as an attack goes on, and not once.
	sustained bool
}

// nothing is what the others are compared with.
const nothing = "nothing"

func attacks() map[string]attack {
	all := map[string]attack{
		nothing: {do: func(ctx context.Context, _ *attacker) error {
			long, cancel := context.WithTimeout(ctx, 5*attackTime())
			defer cancel()
			<-long.Done()
			return nil
		}},
		"another normal client": {sustained: true, do: func(ctx context.Context, a *attacker) error {
			_, err := askNormally(ctx, a.url, a.token)
			return err
		}},
		"hostile requests, on and on": {sustained: true, do: sendHostileRequests},
		"hostile requests, many at once": {sustained: true, do: func(ctx context.Context, a *attacker) error {
			return atOnce(hostileAtOnce(), func(int) error { return sendHostileRequests(ctx, a) })
		}},
		"500 slow headers": {do: func(ctx context.Context, a *attacker) error {
			return atOnce(500, func(int) error { return dawdle(ctx, a.url) })
		}},
	}
	for name, do := range hostileStreams() {
		all[name] = attack{do: do}
	}
	if !measuring() {
		return all // each is tested by TestHostileRequests
	}
	for name, one := range hostileQueries() {
		all[name] = attack{do: func(ctx context.Context, a *attacker) error { return a.send(ctx, one) }}
	}
	return all
}

// attackTime is how long an attack goes on, or a normal client is measured beside one that doesn't.
func attackTime() time.Duration {
	if measuring() {
		return 600 * time.Millisecond
	}
	return 50 * time.Millisecond
}

// hostileAtOnce is how many send all the hostile requests at once.
func hostileAtOnce() int {
	if measuring() {
		return 16
	}
	return 3
}

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

// run attacks.
func (a *attacker) run(ctx context.Context, what attack) {
	ending, cancel := context.WithTimeout(ctx, attackTime())
	defer cancel()
	for first := true; first || what.sustained && ending.Err() == nil && a.report.Err == ""; first = false {
		if err := what.do(ctx, a); err != nil {
			a.report.Err = err.Error()
		}
	}
	<-ending.Done()
}

// send sends a hostile request.
func (a *attacker) send(ctx context.Context, one hostile) error {
	took, _, _, err := one.send(ctx, a.url, a.token)
	a.wasCut(took)
	return err
}

// sendHostileRequests sends each of the hostile requests, one after the other.
func sendHostileRequests(ctx context.Context, a *attacker) error {
	for _, one := range hostileQueries() {
		if err := a.send(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// dawdle begins a request and doesn't go on, as long as an attack lasts.
func dawdle(ctx context.Context, url string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: crm\r\n"); err != nil {
		return err
	}
	enough, cancel := context.WithTimeout(ctx, attackTime())
	defer cancel()
	<-enough.Done()
	return nil
}

// TestBesideAttacks measures a normal client, beside each attack. When its figures count, it isn't parallel.
func TestBesideAttacks(t *testing.T) {
	if !measuring() {
		t.Parallel()
	}
	p := serve(t, t.TempDir(), "LOG_LEVEL=error")
	token := populateForNormal(p)
	askMany(p, token, 400)
	memory := residentMemory(t, p)
	alone := beside(t, p, token, nothing)
	var once besides
	for _, name := range slices.Sorted(maps.Keys(attacks())) {
		if name == nothing {
			continue
		}
		measured := beside(t, p, token, name)
		t.Logf("%-32s %s", name, measured)
		if measured.report.Err != "" {
			t.Errorf("%s: %.500s", name, measured.report.Err)
		}
		if !attacks()[name].sustained {
			once.took = append(once.took, measured.took...)
		}
	}
	slices.Sort(once.took)
	t.Logf("a normal client's p99: alone %s, beside the attacks that come once %s", alone.percentile(99), once.percentile(99))
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
	attacker := start(t, p, token, name, "--idle", "0")
	client := start(t, p, token, normalClient, "--fifo", "1")
	attacker.signal()
	attacker.result(&measured.report)
	client.signal()
	client.result(&measured.took)
	slices.Sort(measured.took)
	return measured
}

func (b besides) percentile(n int) time.Duration {
	if len(b.took) == 0 {
		return 0
	}
	return b.took[min(len(b.took)*n/100, len(b.took)-1)].Round(10 * time.Microsecond)
}

func (b besides) String() string {
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%4d requests, p50 %.2f ms, p99 %.2f ms; answered or cut after %.2f ms",
		len(b.took), milliseconds(b.percentile(50)), milliseconds(b.percentile(99)), milliseconds(b.report.Cut))
}
