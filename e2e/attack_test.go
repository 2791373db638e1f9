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

// These tests send hostile requests to the program and check that it answers or cuts off each attack, releases the memory,
// and hardly affects normal clients. The goals are 100 ms, 20 MB, and a p99 that at most doubles. The tests only print
// times, because these depend on the machine's load. On an idle machine, MEASURE=true makes TestBesideAttacks run long
// enough for reliable figures.
const hostileMemory = 20 << 20

// attack is a hostile client that runs until it is answered or cut off.
type attack struct {
	// do performs the attack; its error says how the server should have ended it.
	do func(ctx context.Context, a *attacker) error
	// sustained repeats the attack for attackTime instead of performing it once.
	sustained bool
}

// nothing is the baseline for the attacks.
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
		"hostile requests, repeated": {sustained: true, do: sendHostileRequests},
		"hostile requests, concurrent": {sustained: true, do: func(ctx context.Context, a *attacker) error {
			return atOnce(hostileAtOnce(), func(int) error { return sendHostileRequests(ctx, a) })
		}},
		"slow headers": {do: func(ctx context.Context, a *attacker) error {
			return atOnce(many(500), func(int) error { return stallHeaders(ctx, a.url) })
		}},
	}
	for name, do := range hostileStreams() {
		all[name] = attack{do: do}
	}
	if !measuring() {
		delete(all, "another normal client") // a comparison
		return all                           // TestHostileRequests tests each of the queries
	}
	for name, one := range hostileQueries() {
		all[name] = attack{do: func(ctx context.Context, a *attacker) error { return a.send(ctx, one) }}
	}
	return all
}

// attackTime is the duration of a sustained attack, or of the measurement beside another.
func attackTime() time.Duration {
	if measuring() {
		return 600 * time.Millisecond
	}
	return 50 * time.Millisecond
}

// hostileAtOnce is how many clients send all hostile requests concurrently.
func hostileAtOnce() int {
	if measuring() {
		return 16
	}
	return 3
}

type attacker struct {
	url, token string
	// connecting limits how many connections are opened concurrently: on a busy machine, a client that opens all of them at
	// once takes longer to send a header than the server waits for it.
	connecting chan struct{}

	mutex  sync.Mutex
	report attackReport
}

func newAttacker(url, token string) *attacker {
	return &attacker{url: url, token: token, connecting: make(chan struct{}, 32)}
}

// connect calls open when few enough connections are being opened.
func (a *attacker) connect(open func()) {
	a.connecting <- struct{}{}
	defer func() { <-a.connecting }()
	open()
}

// attackReport is the result of an attacker.
type attackReport struct {
	// Cut is the maximum time from the last byte of a client until it was answered or cut off.
	Cut time.Duration
	Err string
}

func (a *attacker) wasCut(after time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.report.Cut = max(a.report.Cut, after)
}

// run performs an attack.
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

// sendHostileRequests sends all hostile requests, one after the other.
func sendHostileRequests(ctx context.Context, a *attacker) error {
	for _, one := range hostileQueries() {
		if err := a.send(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// stallHeaders begins a request and leaves its headers unfinished for attackTime.
func stallHeaders(ctx context.Context, url string) error {
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

// TestBesideAttacks measures a normal client during each attack. It runs alone if it measures.
func TestBesideAttacks(t *testing.T) {
	if !measuring() {
		t.Parallel()
	}
	p := serve(t, t.TempDir(), "LOG_LEVEL=error")
	token := populateForNormal(p)
	askMany(p, token, 100)
	memory := residentMemory(t, p)
	baseline := measureBeside(t, p, token, nothing)
	var once normalResult
	for _, name := range slices.Sorted(maps.Keys(attacks())) {
		if name == nothing {
			continue
		}
		measured := measureBeside(t, p, token, name)
		t.Logf("%-32s %s", name, measured)
		if measured.report.Err != "" {
			t.Errorf("%s: %.500s", name, measured.report.Err)
		}
		if !attacks()[name].sustained {
			once.took = append(once.took, measured.took...)
		}
	}
	slices.Sort(once.took)
	t.Logf("a normal client's p99: %s without attacks, %s during single attacks", baseline.percentile(99), once.percentile(99))
	if memory == 0 {
		return
	}
	eventually(t, "the memory is released", func() bool { return residentMemory(t, p) < memory+hostileMemory })
	t.Logf("memory: %d KB before, %d KB afterwards", memory>>10, residentMemory(t, p)>>10)
}

// normalResult is the result of a normal client during an attack.
type normalResult struct {
	report attackReport
	// took are the sorted times of its requests.
	took []time.Duration
}

// measureBeside runs a normal client while the server is attacked.
func measureBeside(t *testing.T, p *process, token, name string) normalResult {
	t.Helper()
	var measured normalResult
	attacker := start(t, p, token, name, "--idle", "0")
	client := start(t, p, token, normalClient, "--fifo", "1")
	attacker.signal()
	attacker.result(&measured.report)
	client.signal()
	client.result(&measured.took)
	slices.Sort(measured.took)
	return measured
}

func (r normalResult) percentile(n int) time.Duration {
	if len(r.took) == 0 {
		return 0
	}
	return r.took[min(len(r.took)*n/100, len(r.took)-1)].Round(10 * time.Microsecond)
}

func (r normalResult) String() string {
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%4d requests, p50 %.2f ms, p99 %.2f ms; answered or cut after %.2f ms",
		len(r.took), milliseconds(r.percentile(50)), milliseconds(r.percentile(99)), milliseconds(r.report.Cut))
}
