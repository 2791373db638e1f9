package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The numbers of connections of the mixed load.
const (
	readers   = 8
	writers   = 4
	loggingIn = 2
)

// role is a part of the mixed load: each of its connections sends one request of each case in turn.
type role struct {
	cases       []string
	connections int
}

// outcome is the result of a role.
type outcome struct {
	mutex     sync.Mutex
	latencies map[string]samples
	// errors counts error responses; err is the first of them.
	errors int
	err    error
	took   time.Duration
}

func newOutcome() *outcome { return &outcome{latencies: make(map[string]samples)} }

func (o *outcome) add(name string, taken samples) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.latencies[name] = append(o.latencies[name], taken...)
}

func (o *outcome) fail(err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.errors++; o.err == nil {
		o.err = err
	}
}

// all returns the latencies of all cases.
func (o *outcome) all() samples {
	var all samples
	for _, taken := range o.latencies {
		all = append(all, taken...)
	}
	return all
}

func (o *outcome) rps() float64 { return float64(len(o.all())) / o.took.Seconds() }

// runMixed measures the readers alone, then during writes and log-ins.
func (b *bench) runMixed(ctx context.Context) error {
	scenarios, err := b.scenarios(ctx)
	if err != nil {
		return err
	}
	reading := role{[]string{"Q1", "Q2", "Q3"}, readers}
	writing, logging := role{[]string{"M1"}, writers}, role{[]string{"L1"}, loggingIn}
	warm := b.options.length
	warm.time, warm.requests = min(warm.time, 2*time.Second), min(warm.requests, readers)
	if _, err := b.runRoles(ctx, scenarios, warm, reading); err != nil {
		return err
	}
	b.progress.show("readers alone, %s", b.options.length.time)
	alone, err := b.runRoles(ctx, scenarios, b.options.length, reading)
	if err != nil {
		return err
	}
	b.progress.show("readers, writers and log-ins, %s", b.options.length.time)
	mixed, err := b.runRoles(ctx, scenarios, b.options.length, reading, writing, logging)
	if err != nil {
		return err
	}
	err = errors.Join(b.reportMixed(alone[0], mixed), b.reportEnd(ctx))
	for _, o := range append(mixed, alone...) {
		err = errors.Join(err, o.err)
	}
	return err
}

// runRoles runs roles at the same time.
func (b *bench) runRoles(ctx context.Context, scenarios []scenario, length length, roles ...role) ([]*outcome, error) {
	server := b.targets[ourTarget]
	written := make(map[string][][]byte)
	for i := range scenarios {
		var err error
		if written[scenarios[i].name], err = server.requests(ctx, &scenarios[i]); err != nil {
			return nil, err
		}
	}
	outcomes := make([]*outcome, len(roles))
	began := time.Now()
	var running sync.WaitGroup
	for i, r := range roles {
		outcomes[i] = newOutcome()
		for n := range r.connections {
			running.Go(func() { r.play(ctx, server.child.address, written, n, began, length, outcomes[i]) })
		}
	}
	running.Wait()
	for _, o := range outcomes {
		o.took = time.Since(began)
	}
	return outcomes, ctx.Err()
}

// play runs the n-th connection of a role. After an error, which it counts, it continues with a new connection.
func (r role) play(
	ctx context.Context, address string, requests map[string][][]byte, n int, began time.Time, length length, o *outcome,
) {
	taken := make(map[string]samples)
	var c *connection
	for sent := 0; !length.over(began, sent, r.connections) && ctx.Err() == nil; sent++ {
		name := r.cases[(n+sent)%len(r.cases)]
		questions := requests[name]
		question := questions[(n*len(questions)/r.connections+sent/len(r.cases))%len(questions)]
		asked := time.Now()
		var err error
		if c == nil {
			c, err = dial(ctx, address)
		}
		if err == nil {
			_, err = c.ask(question)
		}
		if err == nil {
			taken[name] = append(taken[name], time.Since(asked))
			continue
		}
		o.fail(fmt.Errorf("%s: %w", name, err))
		c.close()
		c = nil
	}
	c.close()
	for name, latencies := range taken {
		o.add(name, latencies)
	}
}

// reportMixed prints a line for all cases of the readers, and one for each.
func (b *bench) reportMixed(alone *outcome, mixed []*outcome) error {
	errs := alone.errors
	for _, o := range mixed {
		errs += o.errors
	}
	line := newLine("mixed")
	line.count("errors", errs)
	line.compare("readers_p99_ms", mixed[0].all(), alone.all())
	line.add("readers_rps", mixed[0].rps())
	line.add("alone_rps", alone.rps())
	line.add("writers_rps", mixed[1].rps())
	line.add("writers_p99_ms", mixed[1].all().percentile(0.99))
	line.add("logins_rps", mixed[2].rps())
	line.add("logins_p99_ms", mixed[2].all().percentile(0.99))
	line.add("rss_mb", b.targets[ourTarget].child.process.resident())
	if err := line.print(b.out); err != nil {
		return err
	}
	for _, name := range []string{"Q1", "Q2", "Q3"} {
		line := newLine("mixed_" + name)
		line.compare("p99_ms", mixed[0].latencies[name], alone.latencies[name])
		if err := line.print(b.out); err != nil {
			return err
		}
	}
	return nil
}

// compare adds the p99, the p99 without the other roles, and the ratio of both.
func (l *line) compare(name string, with, without samples) {
	l.add(name, with.percentile(0.99))
	l.add("alone_p99_ms", without.percentile(0.99))
	l.add("p99_ratio", with.percentile(0.99)/without.percentile(0.99))
}
