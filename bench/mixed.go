package main

import (
	"context"
	"errors"
	"time"
)

// The numbers of connections of the mixed load.
const (
	readers   = 8
	writers   = 4
	loggingIn = 2
)

// reads returns the cases that the readers of mixed loads send.
func reads() []string { return []string{"Q1", "Q2", "Q3"} }

// runMixed measures our server's readers alone, then during writes and log-ins.
func (b *bench) runMixed(ctx context.Context) error {
	ours := b.targets[0]
	reading := role{cases: reads(), connections: readers}
	writing, logging := role{cases: []string{"M1"}, connections: writers}, role{cases: []string{"L1"}, connections: loggingIn}
	warm := b.options.length
	warm.time, warm.requests = min(warm.time, 2*time.Second), min(warm.requests, readers)
	if _, err := b.runRoles(ctx, ours, warm, reading); err != nil {
		return err
	}
	b.progress.show("readers alone, %s", b.options.length.time)
	alone, err := b.runRoles(ctx, ours, b.options.length, reading)
	if err != nil {
		return err
	}
	b.progress.show("readers, writers and log-ins, %s", b.options.length.time)
	mixed, err := b.runRoles(ctx, ours, b.options.length, reading, writing, logging)
	if err != nil {
		return err
	}
	err = errors.Join(b.reportMixed(alone[0], mixed), b.reportEnd(ctx))
	for _, o := range append(mixed, alone...) {
		err = errors.Join(err, o.err)
	}
	return err
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
	line.add("rss_mb", b.targets[0].sum((*process).resident))
	if err := line.print(b.out); err != nil {
		return err
	}
	for _, name := range reads() {
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
