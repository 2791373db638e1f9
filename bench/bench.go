package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// bench is a run of the benchmark.
type bench struct {
	options  options
	world    *world
	out      io.Writer
	progress *progress
	// folder is removed at the end. It contains, for each server, a folder with its copy of the data.
	folder string
	// kept is where the servers are built, the data made and Bun installed.
	kept string
	// targets are our server and then its peers.
	targets []*target
}

// open builds and starts the servers, each on its copy of the data.
func (b *bench) open(ctx context.Context) (err error) {
	if b.folder, err = os.MkdirTemp("", "crm-bench-"); err != nil {
		return err
	}
	b.kept = cmp.Or(b.options.keep, b.folder)
	if err := os.MkdirAll(b.kept, 0o700); err != nil {
		return err
	}
	b.progress.show("building the servers")
	if err := build(ctx, b.kept); err != nil {
		return err
	}
	if err := b.makeData(ctx); err != nil {
		return err
	}
	if len(b.options.live) > 0 {
		return nil // each measurement starts its server
	}
	if err := b.startOurs(ctx); err != nil {
		return err
	}
	for _, name := range b.options.peers {
		if err := b.startPeer(ctx, name); err != nil {
			return err
		}
	}
	return b.reportIdle(ctx)
}

// wideData and narrowData are the files from which the servers' data are copied: that of our server, and that of the peers with a
// schema of their own.
func (b *bench) wideData() string {
	return filepath.Join(b.kept, fmt.Sprintf("wide-%d.db", b.options.customers))
}

func (b *bench) narrowData() string {
	return filepath.Join(b.kept, fmt.Sprintf("narrow-%d.db", b.options.customers))
}

func (b *bench) makeData(ctx context.Context) error {
	err := makeOnce(b.wideData(), func(path string) error { return makeData(ctx, path, b.world, b.progress) })
	if err != nil {
		return err
	}
	return makeOnce(b.narrowData(), func(path string) error { return makeNarrowData(ctx, b.wideData(), path) })
}

// dataOf creates a server's copy of the data and returns its path.
func (b *bench) dataOf(t *target) (path string, err error) {
	from := b.narrowData()
	if t.name == "ours" || t.name == reference {
		from = b.wideData()
	}
	return copyData(from, filepath.Join(b.folder, t.name))
}

// close stops the servers and removes their data.
func (b *bench) close() error {
	var errs []error
	for _, t := range b.targets {
		for _, c := range t.children {
			errs = append(errs, c.stop())
		}
	}
	if b.folder != "" {
		errs = append(errs, os.RemoveAll(b.folder))
	}
	return errors.Join(errs...)
}

// reportIdle prints what is measured, how long the servers took to start, and their memory before the first request.
func (b *bench) reportIdle(ctx context.Context) error {
	about := fmt.Sprintf("# %s, %d customers", time.Now().Format(time.DateOnly), b.options.customers)
	line := newLine("idle")
	for _, t := range b.targets {
		t.waitIdle(ctx)
		about += fmt.Sprintf("; %s: %s", t.name, t.version)
		var started time.Duration
		for _, c := range t.children {
			started += c.started
		}
		line.add(t.name+"_start_ms", milliseconds(started))
		line.add(t.name+"_rss_mb", t.sum((*process).resident))
	}
	if _, err := fmt.Fprintln(b.out, about); err != nil {
		return err
	}
	return line.print(b.out)
}

// reportEnd prints the servers' memory at the end.
func (b *bench) reportEnd(ctx context.Context) error {
	line := newLine("end")
	for _, t := range b.targets {
		t.waitIdle(ctx)
		line.add(t.name+"_rss_mb", t.sum((*process).resident))
		line.add(t.name+"_peak_mb", t.sum((*process).peak))
	}
	return cmp.Or(line.print(b.out), ctx.Err())
}

// serving returns the servers that serve a case, ours first.
func (b *bench) serving(name string) []*target {
	return slices.DeleteFunc(slices.Clone(b.targets), func(t *target) bool { return slices.Contains(t.lacks, name) })
}
