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
// What lives is some megabytes, and an answer leaves up to one behind: as Go has it by default, when there is as much
// garbage as lives, the collector ran a hundred times a second and took a third of the processor. So it runs at four
// times as much, but not more than garbageRoom, beyond which there is little to gain: with thousands of subscribers more
// lives, and four times that would be garbage that they cost, too. While what lives becomes more, it runs at half as much,
// so that what stays is put where garbage was, and not scattered among what will be garbage: a page of memory is given
// back only as a whole. Once the server is at rest, the system gets back what isn't needed.
//
// It is for the memory that a user sees: with debug.SetGCPercent(200) alone the server is as fast, but it doesn't give back
// within a minute what a thousand subscribers took, and each of them costs 25 KB while others ask, in place of 23
// (TestIdleSubscribers). A memory limit would have the collector run all the time once more than that lives.
type collector struct {
	percent int
	// most is how much has lived lately.
	most    uint64
	stopped <-chan struct{}
}

const (
	growingPercent, defaultPercent, mostPercent = 50, 100, 400
	garbageRoom                                 = 16 << 20
)

// tuneCollector tunes the collector until ctx is done. It is for programs that GOGC doesn't tell otherwise; GOMEMLIMIT
// counts in any case.
func tuneCollector(ctx context.Context) {
	debug.SetGCPercent(mostPercent)
	(&collector{percent: mostPercent, stopped: ctx.Done()}).await()
	go releaseAtRest(ctx)
}

// sentinel is garbage from the beginning, so that each round of the collector comes upon one. It has a pointer, since
// small objects without any may be kept together with others.
type sentinel struct{ _ *sentinel }

// await has the next round noticed.
func (c *collector) await() { runtime.AddCleanup(new(sentinel), (*collector).notice, c) }

// notice comes after each round, one at a time.
func (c *collector) notice() {
	select {
	case <-c.stopped:
		return
	default:
	}
	// What the collector reckons with is what lives on the heap, and where it begins to look.
	live := measure("/gc/heap/live:bytes") + measure("/gc/scan/stack:bytes") + measure("/gc/scan/globals:bytes")
	if percent := c.percentFor(live); percent < c.percent*9/10 || percent > c.percent*11/10 {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
	c.await()
}

// percentFor returns how much garbage there may be when so much lives. What lives becomes more when it is a twentieth above
// the most of lately: it goes up and down with the requests that are under way.
func (c *collector) percentFor(live uint64) int {
	growing := live > c.most+c.most/20
	c.most = max(live, c.most-c.most/32)
	if growing {
		return growingPercent
	}
	return int(min(max(100*garbageRoom/max(live, 1), defaultPercent), mostPercent))
}

func measure(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// How often it is looked whether the server is at rest, how much it then allocates meanwhile at most, and how much it
// has to have allocated before, so that there is something to give back.
const (
	restLook  = time.Second
	restBytes = 256 << 10
	workBytes = 1 << 20
)

// releaseAtRest gives the system back what isn't needed, each time the server comes to rest, until ctx is done.
func releaseAtRest(ctx context.Context) {
	look := time.NewTicker(restLook)
	defer look.Stop()
	var seen, released uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		allocated := measure("/gc/heap/allocs:bytes")
		if allocated-seen < restBytes && allocated-released > workBytes {
			debug.FreeOSMemory()
			released = allocated
		}
		seen = allocated
	}
}
