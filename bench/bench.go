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
	// folder is removed at the end: in it, each server has a folder with its copy of the data.
	folder  string
	targets []*target
}

// open builds and starts the servers, each on its copy of the data.
func (b *bench) open(ctx context.Context) (err error) {
	data, err := prepareData(ctx, b.options.folder, b.world, b.progress)
	if err != nil {
		return err
	}
	b.progress.show("building the servers")
	if err := build(ctx, b.options.folder); err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp(b.options.folder, "run-"); err != nil {
		return err
	}
	servers := []*target{
		{program: b.server("ours"), graphql: true}, {program: b.referenceServer()},
		{program: b.server("slow", "FAST_PATH=false"), graphql: true},
	}
	switch {
	case b.options.mixed:
		servers = servers[:1]
	case !b.options.slow:
		servers = servers[:2]
	}
	for _, t := range servers {
		b.progress.show("copying the data for %s", t.program.name)
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

// server returns the server as one starts it to be fast, and not to be played with.
func (b *bench) server(name string, environment ...string) program {
	folder := filepath.Join(b.folder, name)
	return program{
		name: name, path: filepath.Join(b.options.folder, "crm"), folder: folder,
		environment: append([]string{
			"PORT=0", "DATA_DIR=" + folder, "LOG_LEVEL=warn", "QUERY_COST=false", "PLAYGROUND=false",
			"SECRET_KEY=bench", // so that a cursor of one server is one of the other, too
		}, environment...),
		banner: regexp.MustCompile(`^GraphQL .*http://localhost:(\d+)/`),
	}
}

func (b *bench) referenceServer() program {
	folder := filepath.Join(b.folder, "reference")
	return program{
		name: "reference", path: filepath.Join(b.options.folder, "reference"), folder: folder,
		arguments: []string{filepath.Join(folder, dataFile)},
		// An empty environment would be this process's own.
		environment: []string{"PORT=0"},
		banner:      regexp.MustCompile(`^Reference .*http://127\.0\.0\.1:(\d+)/`),
	}
}

// copyData copies the data into a server's folder, and has it on disk before anything is measured.
func copyData(from, folder string) (err error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // nothing was written
	copied, err := os.OpenFile(filepath.Join(folder, dataFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = copied.ReadFrom(source) // without copying any bytes, where the file system can
	return errors.Join(err, copied.Sync(), copied.Close())
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
		t.child.process.rest(ctx)
		line.add(t.program.name+"_start_ms", milliseconds(t.child.started))
		line.add(t.program.name+"_rss_mb", t.child.process.resident())
	}
	return line.print(b.out)
}

// reportEnd prints the servers' memory after everything.
func (b *bench) reportEnd(ctx context.Context) error {
	line := newLine("end")
	for _, t := range b.targets {
		t.child.process.rest(ctx)
		line.add(t.program.name+"_rss_mb", t.child.process.resident())
		line.add(t.program.name+"_peak_mb", t.child.process.peak())
	}
	return cmp.Or(line.print(b.out), ctx.Err())
}

// target is a server that is measured.
type target struct {
	program program
	child   *child
	// graphql says whether it is our server, whose requests carry the admin's token.
	graphql bool

	token    string
	issuedAt time.Time
}

// tokenAge is how old a token may be at the start of a turn. It is good for 15 minutes.
const tokenAge = 8 * time.Minute

// requests returns a case's requests to this server as they go over the wire.
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
		token = "" // who logs in has none
	}
	written := make([][]byte, len(asked))
	for i, one := range asked {
		written[i] = one.write(t.child.address, token)
	}
	return written, nil
}

// logIn makes sure that there is a token that lasts for a turn.
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
