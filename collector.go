package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// collector tunes Go's garbage collector for this server.
//
// The live heap is a few megabytes, and a request leaves up to one megabyte of garbage. With Go's default, a collection
// when there is as much garbage as live memory, the collector ran a hundred times a second and took a third of the
// processor. So it lets garbage grow to four times the live memory, but not beyond garbageRoom, where there is little to
// gain: thousands of subscribers enlarge the live heap, and four times as much garbage would add to their cost. While the
// live heap grows, the collector allows only half as much garbage as live memory. New long-lived objects then reuse freed
// memory instead of being scattered among short-lived ones, which matters because only whole pages can be released. When
// the server becomes idle, it returns unused memory to the operating system.
//
// All this is for the memory that a user sees: with debug.SetGCPercent(200) alone the server is as fast, but it doesn't
// release the memory of a thousand subscribers within a minute, and each of them costs 25 KB instead of 23 while other
// requests run (TestIdleSubscribers). A memory limit would make the collector run all the time once the live heap exceeds
// it.
type collector struct {
	percent int
	// peak is the recent maximum of live memory; it decays.
	peak    uint64
	stopped <-chan struct{}
}

const (
	growingPercent, defaultPercent, maxPercent = 50, 100, 400
	garbageRoom                                = 16 << 20
)

// tuneCollector tunes the collector until ctx is done. Call it only if GOGC is not set; GOMEMLIMIT still applies.
func tuneCollector(ctx context.Context) {
	debug.SetGCPercent(maxPercent)
	(&collector{percent: maxPercent, stopped: ctx.Done()}).notifyNext()
	go releaseWhenIdle(ctx)
}

// sentinel is unreachable from the start, so each collection frees one. It contains a pointer because the allocator may
// batch small objects without pointers, which would delay their cleanup.
type sentinel struct{ _ *sentinel }

// notifyNext arranges a call of adjust after the next collection.
func (c *collector) notifyNext() { runtime.AddCleanup(new(sentinel), (*collector).adjust, c) }

// adjust runs after each collection; calls never overlap.
func (c *collector) adjust() {
	select {
	case <-c.stopped:
		return
	default:
	}
	// The collector bases its goal on the live heap and the roots of its scan.
	live := measure("/gc/heap/live:bytes") + measure("/gc/scan/stack:bytes") + measure("/gc/scan/globals:bytes")
	if percent := c.percentFor(live); percent < c.percent*9/10 || percent > c.percent*11/10 {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
	c.notifyNext()
}

// percentFor returns how much garbage is allowed, in percent of live memory. Live memory counts as growing when it is a
// twentieth above the recent peak, because it fluctuates with the requests that are under way.
func (c *collector) percentFor(live uint64) int {
	growing := live > c.peak+c.peak/20
	c.peak = max(live, c.peak-c.peak/32)
	if growing {
		return growingPercent
	}
	return int(min(max(100*garbageRoom/max(live, 1), defaultPercent), maxPercent))
}

func measure(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// The server is idle if it allocates less than idleBytes within an idleInterval. Memory is released only if at least
// workBytes were allocated since the last release.
const (
	idleInterval = time.Second
	idleBytes    = 256 << 10
	workBytes    = 1 << 20
)

// releaseWhenIdle returns unused memory to the operating system each time the server becomes idle, until ctx is done.
func releaseWhenIdle(ctx context.Context) {
	ticker := time.NewTicker(idleInterval)
	defer ticker.Stop()
	var previous, released uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		allocated := measure("/gc/heap/allocs:bytes")
		if allocated-previous < idleBytes && allocated-released > workBytes {
			debug.FreeOSMemory()
			released = allocated
		}
		previous = allocated
	}
}
