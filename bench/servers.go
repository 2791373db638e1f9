package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// The names of the peers.
const (
	goPeer    = "go"
	bunPeer   = "bun"
	reference = "reference"
)

func peerNames() []string { return []string{goPeer, bunPeer, reference} }

// build builds our server and the hand-written handlers into a folder.
func build(ctx context.Context, folder string) error {
	for binary, source := range map[string]string{
		"crm": "crm", "peer": "crm/bench/peer", "reference-server": "crm/bench/reference", "live-sender": "crm/bench/live/sender",
	} {
		command := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(folder, binary), source)
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build %s: %w\n%s", source, err, out)
		}
	}
	return nil
}

// startOurs starts our server with production settings.
func (b *bench) startOurs(ctx context.Context) error {
	t := &target{name: "ours", version: runtime.Version(), authenticated: true}
	t.api = graphqlAPI{cursor: func(customer int) (string, error) {
		return t.cursor(ctx, b.world.customer(customer).CreatedAt)
	}}
	file, err := b.dataOf(t)
	if err != nil {
		return err
	}
	b.targets = append(b.targets, t)
	return t.start(ctx, program{
		name: t.name, path: filepath.Join(b.kept, "crm"), folder: filepath.Dir(file),
		environment: []string{
			"PORT=0", "DATA_DIR=" + filepath.Dir(file), "LOG_LEVEL=warn", "QUERY_COST=false", "PLAYGROUND=false",
			"CACHE_BYTES=" + b.options.cacheBytes, "LIMIT_STREAMS=20000", "LIMIT_STREAMS_PER_ADDRESS=20000",
		},
		banner: regexp.MustCompile(`^GraphQL .*http://localhost:(\d+)/`),
	})
}

// startPeer starts a peer. It leaves out one that can't be had here, and prints the reason.
func (b *bench) startPeer(ctx context.Context, name string) error {
	t := &target{name: name, version: runtime.Version(), lacks: []string{"Q4", "L1"}}
	p := program{name: name, environment: []string{"PORT=0"}, banner: regexp.MustCompile(`^Peer http://127\.0\.0\.1:(\d+)/`)}
	switch name {
	case reference:
		t.lacks, p.path = nil, filepath.Join(b.kept, "reference-server")
		t.api = restAPI{after: func(customer int) string {
			before := b.world.customer(customer)
			return fmt.Sprintf("%d&id=%s", before.CreatedAt.UnixMilli(), before.GlobalID())
		}}
	case goPeer:
		t.api, p.path = restAPI{after: strconv.Itoa}, filepath.Join(b.kept, "peer")
	case bunPeer:
		t.api = graphqlAPI{cursor: func(customer int) (string, error) { return strconv.Itoa(customer), nil }}
		var err error
		if t.version, err = bunVersion(); err != nil {
			return err
		}
		if err := b.installBun(ctx); err != nil {
			_, err = fmt.Fprintf(b.out, "# bun is left out: %v\n", err)
			return err
		}
		p.path = filepath.Join(b.bunFolder(), "node_modules", ".bin", "bun")
	}
	file, err := b.dataOf(t)
	if err != nil {
		return err
	}
	b.targets = append(b.targets, t)
	p.folder, p.arguments = filepath.Dir(file), []string{file}
	if name == bunPeer {
		return b.startBun(ctx, t, p)
	}
	return t.start(ctx, p)
}

//go:embed bun/package.json bun/server.js
var bunFiles embed.FS

// bunFolder isn't named like the folder of Bun's data, which may be beside it.
func (b *bench) bunFolder() string { return filepath.Join(b.kept, "bun-program") }

// startBun starts the server on Bun: two processes that read share a port, and one writes.
func (b *bench) startBun(ctx context.Context, t *target, p program) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("cannot find the schema: %w", err)
	}
	schema := filepath.Join(strings.TrimSpace(string(root)), "schema.graphqls")
	p.arguments = append([]string{filepath.Join(b.bunFolder(), "server.js")}, append(p.arguments, schema)...)
	if err := t.start(ctx, p); err != nil {
		return err
	}
	second := p
	second.environment = []string{"PORT=" + t.reads[strings.LastIndexByte(t.reads, ':')+1:]}
	return errors.Join(t.start(ctx, second), t.start(ctx, p))
}

// installBun installs Bun and the packages of its server.
func (b *bench) installBun(ctx context.Context) error {
	b.progress.show("installing Bun")
	if err := os.MkdirAll(b.bunFolder(), 0o700); err != nil {
		return err
	}
	for _, name := range []string{"package.json", "server.js"} {
		text, err := bunFiles.ReadFile("bun/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(b.bunFolder(), name), text, 0o600); err != nil {
			return err
		}
	}
	command := exec.CommandContext(ctx, b.options.npm, "install", "--no-audit", "--no-fund", "--no-package-lock")
	command.Dir = b.bunFolder()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("npm can't install it: %w %.500q", err, out)
	}
	return nil
}

// bunVersion returns the versions of Bun and of what its server uses.
func bunVersion() (string, error) {
	text, err := bunFiles.ReadFile("bun/package.json")
	if err != nil {
		return "", err
	}
	var described struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &described); err != nil {
		return "", err
	}
	return fmt.Sprintf("Bun %s, graphql-jit %s", described.Dependencies["bun"], described.Dependencies["graphql-jit"]), nil
}
