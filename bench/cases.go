package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// turn is the measurement of one turn of one server.
type turn struct {
	rps, p50, p99 float64
	// cpu is the server's processor time per request in milliseconds, and client that of this process.
	cpu, client float64
}

// runCases compares and times the cases, and prints a line for each.
func (b *bench) runCases(ctx context.Context) error {
	scenarios, err := b.scenarios(ctx)
	if err != nil {
		return err
	}
	for i := range scenarios {
		s := &scenarios[i]
		b.progress.show("%s: comparing the responses", s.name)
		if err := b.compare(ctx, s); err != nil {
			return err
		}
		if err := b.runCase(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return b.reportEnd(ctx)
}

// runCase measures the servers in alternating turns, after a short warm-up turn.
func (b *bench) runCase(ctx context.Context, s *scenario) error {
	turns := make([][]turn, len(b.targets))
	for round := range b.options.turns + 1 {
		for n, t := range b.targets {
			length := b.options.length
			if round == 0 {
				length.time, length.requests = min(length.time, time.Second), min(length.requests, b.options.connections)
			}
			one, err := b.takeTurn(ctx, t, s, length)
			if err != nil {
				return fmt.Errorf("%s: %w", t.program.name, err)
			}
			if round > 0 {
				turns[n] = append(turns[n], one)
			}
			b.progress.show("%s: turn %d of %d, %s: %.1f requests per second", s.name, round, b.options.turns, t.program.name, one.rps)
		}
	}
	return b.reportCase(s, turns)
}

func (b *bench) takeTurn(ctx context.Context, t *target, s *scenario, length length) (turn, error) {
	requests, err := t.requests(ctx, s)
	if err != nil {
		return turn{}, err
	}
	self := process{id: os.Getpid()}
	before, clientBefore := t.child.process.cpu(), self.cpu()
	load := load{address: t.child.address, requests: requests, connections: b.options.connections, length: length}
	latencies, took, err := load.run(ctx)
	if err != nil {
		return turn{}, err
	}
	client := self.cpu() - clientBefore
	if s.writes {
		if !t.child.process.waitIdle(ctx) {
			b.progress.show("%s: %s is still busy %s after its turn", s.name, t.program.name, idleTimeout)
		}
	}
	count := float64(len(latencies))
	return turn{
		rps: count / took.Seconds(), p50: latencies.percentile(0.5), p99: latencies.percentile(0.99),
		cpu: milliseconds(t.child.process.cpu()-before) / count, client: milliseconds(client) / count,
	}, nil
}

// reportCase prints the medians of a case.
func (b *bench) reportCase(s *scenario, turns [][]turn) error {
	ours, reference := turns[ourTarget], turns[referenceTarget]
	rps := func(t turn) float64 { return t.rps }
	line := newLine(s.name)
	line.add("ours_rps", median(ours, rps))
	line.add("reference_rps", median(reference, rps))
	line.add("ratio", median(ours, rps)/median(reference, rps))
	line.add("ours_p50_ms", median(ours, func(t turn) float64 { return t.p50 }))
	line.add("ours_p99_ms", median(ours, func(t turn) float64 { return t.p99 }))
	line.add("ours_cpu_ms", median(ours, func(t turn) float64 { return t.cpu }))
	line.add("ours_rss_mb", b.targets[ourTarget].child.process.resident())
	line.add("reference_p50_ms", median(reference, func(t turn) float64 { return t.p50 }))
	line.add("reference_p99_ms", median(reference, func(t turn) float64 { return t.p99 }))
	line.add("reference_cpu_ms", median(reference, func(t turn) float64 { return t.cpu }))
	line.add("client_cpu_ms", median(ours, func(t turn) float64 { return t.client }))
	return line.print(b.out)
}

func median(turns []turn, figure func(turn) float64) float64 {
	figures := make([]float64, len(turns))
	for i, t := range turns {
		figures[i] = figure(t)
	}
	slices.Sort(figures)
	middle := len(figures) / 2
	if len(figures)%2 == 0 {
		return (figures[middle-1] + figures[middle]) / 2
	}
	return figures[middle]
}
