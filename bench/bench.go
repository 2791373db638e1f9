package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// bench is a run of the benchmark.
type bench struct {
	options  options
	world    *world
	out      io.Writer
	progress *progress
	// folder is removed at the end. It contains the programs, unless they were built before, and, for each server, a folder with its copy of the data.
	folder  string
	targets []*target
}

// open builds and starts the servers, each on its copy of the data.
func (b *bench) open(ctx context.Context) (err error) {
	if b.folder, err = os.MkdirTemp("", "crm-bench-"); err != nil {
		return err
	}
	if b.options.binaries == "" {
		b.options.binaries = b.folder
		b.progress.show("building the servers")
		if err := build(ctx, b.folder); err != nil {
			return err
		}
	}
	data, err := makeData(ctx, b.folder, b.world, b.progress)
	if err != nil {
		return err
	}
	servers := []*target{{program: b.server(), graphql: true}, {program: b.referenceServer()}}
	if b.options.mixed {
		servers = servers[:1]
	}
	for _, t := range servers {
		if err := copyData(data, t.program.folder); err != nil {
			return err
		}
		if t.child, err = start(ctx, t.program); err != nil {
			return err
		}
		b.targets = append(b.targets, t)
	}
	return b.reportIdle(ctx)
}

// server returns the server with production settings.
func (b *bench) server() program {
	folder := filepath.Join(b.folder, "ours")
	return program{
		name: "ours", path: filepath.Join(b.options.binaries, "crm"), folder: folder,
		environment: []string{
			"PORT=0", "DATA_DIR=" + folder, "LOG_LEVEL=warn", "QUERY_COST=false", "PLAYGROUND=false",
			"CACHE_BYTES=" + b.options.cacheBytes,
		},
		banner: regexp.MustCompile(`^GraphQL .*http://localhost:(\d+)/`),
	}
}

func (b *bench) referenceServer() program {
	folder := filepath.Join(b.folder, "reference")
	return program{
		name: "reference", path: filepath.Join(b.options.binaries, "reference-server"), folder: folder,
		arguments: []string{filepath.Join(folder, dataFile)},
		// With an empty list, the server would inherit this process's environment.
		environment: []string{"PORT=0"},
		banner:      regexp.MustCompile(`^Reference .*http://127\.0\.0\.1:(\d+)/`),
	}
}

// close stops the servers and removes their data.
func (b *bench) close() error {
	var errs []error
	for _, t := range b.targets {
		errs = append(errs, t.child.stop())
	}
	if b.folder != "" {
		errs = append(errs, os.RemoveAll(b.folder))
	}
	return errors.Join(errs...)
}

// reportIdle prints how long the servers took to start, and their memory before the first request.
func (b *bench) reportIdle(ctx context.Context) error {
	line := newLine("idle")
	for _, t := range b.targets {
		t.child.process.waitIdle(ctx)
		line.add(t.program.name+"_start_ms", milliseconds(t.child.started))
		line.add(t.program.name+"_rss_mb", t.child.process.resident())
	}
	return line.print(b.out)
}

// reportEnd prints the servers' memory at the end.
func (b *bench) reportEnd(ctx context.Context) error {
	line := newLine("end")
	for _, t := range b.targets {
		t.child.process.waitIdle(ctx)
		line.add(t.program.name+"_rss_mb", t.child.process.resident())
		line.add(t.program.name+"_peak_mb", t.child.process.peak())
	}
	return cmp.Or(line.print(b.out), ctx.Err())
}

// target is a measured server.
type target struct {
	program program
	child   *child
	// graphql means that it is our server, whose requests carry the admin's token.
	graphql bool

	token    string
	issuedAt time.Time
}

// tokenAge is the maximum age of a token at the start of a turn. A token is valid for 15 minutes.
const tokenAge = 8 * time.Minute

// requests returns a case's encoded requests to this server.
func (t *target) requests(ctx context.Context, s *scenario) ([][]byte, error) {
	asked, token := s.reference, ""
	if t.graphql {
		var err error
		if asked, err = s.ours, t.logIn(ctx); err != nil {
			return nil, err
		}
		token = t.token
	}
	if s.name == "L1" {
		token = "" // log-ins send no token
	}
	written := make([][]byte, len(asked))
	for i, one := range asked {
		written[i] = one.write(t.child.address, token)
	}
	return written, nil
}

// logIn ensures a token that is valid for a whole turn.
func (t *target) logIn(ctx context.Context) error {
	if t.token != "" && time.Since(t.issuedAt) < tokenAge {
		return nil
	}
	var answer struct {
		LogInUser struct{ Tokens struct{ AccessToken string } }
	}
	input := map[string]any{"email": adminEmail, "password": password}
	if err := t.query(ctx, operation(logInAdminQuery, map[string]any{"input": input}), &answer); err != nil {
		return fmt.Errorf("cannot log in to %s: %w", t.program.name, err)
	}
	t.token, t.issuedAt = answer.LogInUser.Tokens.AccessToken, time.Now()
	return nil
}
