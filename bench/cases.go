package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// writesRate is the number of writes per second beside the reads of RW.
const writesRate = 300

// turn is the measurement of one role in one turn of one server.
type turn struct {
	rps, p50, p99 float64
	// cpu is the server's processor time per request of any role, in milliseconds. It includes later, which the server used after
	// the last response. client is the time of this process.
	cpu, later, client float64
}

// runCases compares and times the cases, and prints lines for each.
func (b *bench) runCases(ctx context.Context) error {
	for _, name := range caseNames() {
		if !slices.Contains(b.options.cases, name) {
			continue
		}
		if err := b.runCase(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return b.reportEnd(ctx)
}

// roles returns the roles of a case.
func (b *bench) roles(name string) []role {
	if name == readsBesideWrites {
		return []role{
			{cases: reads(), connections: b.options.connections}, {cases: []string{"M1"}, connections: writers, rate: writesRate},
		}
	}
	return []role{{cases: []string{name}, connections: b.options.connections}}
}

// runCase compares the servers' responses, and measures the servers.
func (b *bench) runCase(ctx context.Context, name string) error {
	targets, roles := b.serving(name), b.roles(name)
	if name != readsBesideWrites {
		b.progress.show("%s: comparing the responses", name)
		if err := b.compare(ctx, scenarioOf(name), targets); err != nil {
			return err
		}
	}
	measured, err := b.takeTurns(ctx, name, targets, roles)
	if err != nil {
		return err
	}
	for i, r := range roles {
		figures := make([]turn, len(targets))
		for n := range targets {
			figures[n] = medians(measured[n][i])
		}
		line := name
		if i > 0 {
			line += "_" + r.cases[0]
		}
		if err := b.report(line, targets, figures); err != nil {
			return err
		}
	}
	return nil
}

// takeTurns runs the roles on each server in alternating turns, after a short warm-up turn. It returns the turns by server and role.
func (b *bench) takeTurns(ctx context.Context, name string, targets []*target, roles []role) ([][][]turn, error) {
	measured := make([][][]turn, len(targets))
	for n := range measured {
		measured[n] = make([][]turn, len(roles))
	}
	for round := range b.options.turns + 1 {
		length := b.options.length
		if round == 0 {
			length.time, length.requests = min(length.time, time.Second), min(length.requests, b.options.connections)
		}
		for n, t := range targets {
			taken, err := b.takeTurn(ctx, t, length, roles)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			for i := range taken {
				if round > 0 {
					measured[n][i] = append(measured[n][i], taken[i])
				}
			}
			b.progress.show("%s: turn %d of %d, %s: %.1f requests per second", name, round, b.options.turns, t.name, taken[0].rps)
		}
	}
	return measured, nil
}

// takeTurn runs the roles and returns the measurement of each. After writes, it waits until the server has done the work that
// they cause.
func (b *bench) takeTurn(ctx context.Context, t *target, length length, roles []role) ([]turn, error) {
	self := process{id: os.Getpid()}
	before, clientBefore := t.sum((*process).cpu), self.cpu()
	outcomes, err := b.runRoles(ctx, t, length, roles...)
	if err != nil {
		return nil, err
	}
	answered, client := t.sum((*process).cpu), self.cpu()-clientBefore
	if scenarioOf(roles[len(roles)-1].cases[0]).writes && !t.waitIdle(ctx) {
		b.progress.show("%s is still busy %s after its turn", t.name, idleTimeout)
	}
	after := t.sum((*process).cpu)
	var count float64
	for _, o := range outcomes {
		if o.err != nil {
			return nil, o.err
		}
		count += float64(len(o.all()))
	}
	turns := make([]turn, len(roles))
	for i, o := range outcomes {
		all := o.all()
		turns[i] = turn{
			rps: o.rps(), p50: all.percentile(0.5), p99: all.percentile(0.99),
			cpu: (after - before) / count, later: (after - answered) / count, client: client / count,
		}
	}
	return turns, nil
}

// report prints our server's figures beside each peer's, or alone.
func (b *bench) report(name string, targets []*target, figures []turn) error {
	ours := figures[0]
	for n, t := range targets {
		if n == 0 && len(targets) > 1 {
			continue
		}
		line := newLine(name)
		line.add("ours_rps", ours.rps)
		if n > 0 {
			line.add(t.name+"_rps", figures[n].rps)
			line.add("ratio", ours.rps/figures[n].rps)
		}
		line.addTurn("ours", ours)
		line.add("ours_rss_mb", targets[0].sum((*process).resident))
		if n > 0 {
			line.addTurn(t.name, figures[n])
		}
		line.add("client_cpu_ms", ours.client)
		if err := line.print(b.out); err != nil {
			return err
		}
	}
	return nil
}

func (l *line) addTurn(name string, t turn) {
	l.add(name+"_p50_ms", t.p50)
	l.add(name+"_p99_ms", t.p99)
	l.add(name+"_cpu_ms", t.cpu)
	l.add(name+"_later_ms", t.later)
}

// medians returns the median of each figure over the turns.
func medians(turns []turn) turn {
	of := func(figure func(turn) float64) float64 {
		figures := make([]float64, len(turns))
		for i, t := range turns {
			figures[i] = figure(t)
		}
		slices.Sort(figures)
		return (figures[(len(figures)-1)/2] + figures[len(figures)/2]) / 2
	}
	return turn{
		rps: of(func(t turn) float64 { return t.rps }), p50: of(func(t turn) float64 { return t.p50 }),
		p99: of(func(t turn) float64 { return t.p99 }), cpu: of(func(t turn) float64 { return t.cpu }),
		later: of(func(t turn) float64 { return t.later }), client: of(func(t turn) float64 { return t.client }),
	}
}
