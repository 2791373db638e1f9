package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// The load of --live: so many changes are made in a second, by so many connections. Each connection changes a ticket of its own.
const (
	changesPerSecond = 100
	changingTickets  = 4
)

const liveQuery = `subscription { ticketChanged { seq at kind ticketId ticket { id title status priority updatedAt customer { id name } } } }`

// liveServer is a server that publishes changes.
type liveServer struct {
	*target
	// change returns the request that makes a change, the n-th of one of the tickets.
	change func(ticket, n int) []byte
}

// runLive measures how long changes take to reach all subscribers, for each number of them on each server.
func (b *bench) runLive(ctx context.Context) error {
	for _, subscribers := range b.options.live {
		for _, open := range []func(context.Context) (*liveServer, error){b.ourLive, b.peerLive, b.senderLive} {
			if err := b.runLiveServer(ctx, open, subscribers); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) runLiveServer(ctx context.Context, open func(context.Context) (*liveServer, error), subscribers int) error {
	server, err := open(ctx)
	if errors.Is(err, errNoPeer) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = server.children[0].stop() }()
	b.progress.show("opening %d subscriptions of %s", subscribers, server.name)
	process := server.children[0].process
	server.waitIdle(ctx)
	before := process.resident()
	audience, err := openAudience(server.writes, server.token, subscribers, changingTickets)
	if err != nil {
		return err
	}
	defer audience.close()
	server.waitIdle(ctx)
	line := newLine(fmt.Sprintf("live_%s_%d", server.name, subscribers))
	line.add("idle_kb_each", (process.resident()-before)*1024/float64(subscribers))
	cpu, began := process.cpu(), time.Now()
	changes, err := b.makeChanges(ctx, server)
	if err != nil {
		return err
	}
	took := time.Since(began)
	if err := audience.wait(len(changes) * subscribers); err != nil {
		return fmt.Errorf("%s: %w", server.name, err)
	}
	line.add("changes_per_second", float64(len(changes))/took.Seconds())
	line.add("cpu_cores", (process.cpu()-cpu)/milliseconds(time.Since(began)))
	line.add("peak_mb", process.peak())
	reportChanges(line, changes, audience)
	return line.print(b.out)
}

// reportChanges adds how long changes took to be acknowledged, and how long after that the last subscriber had them.
func reportChanges(line *line, changes []change, audience *audience) {
	var acknowledged, last samples
	for _, c := range changes {
		acknowledged = append(acknowledged, c.acknowledged.Sub(c.sent))
		last = append(last, max(0, audience.complete[c.ticket][c.number].Sub(c.acknowledged)))
	}
	line.add("ack_p50_ms", acknowledged.percentile(0.5))
	line.add("ack_p99_ms", acknowledged.percentile(0.99))
	line.add("last_byte_p50_ms", last.percentile(0.5))
	line.add("last_byte_p99_ms", last.percentile(0.99))
	line.add("last_byte_max_ms", last.percentile(1))
}

// change is a change that was made.
type change struct {
	ticket, number     int
	sent, acknowledged time.Time
}

// makeChanges makes changes at a steady pace; one that can't be made in time is made as soon as possible.
func (b *bench) makeChanges(ctx context.Context, server *liveServer) ([]change, error) {
	count := int(b.options.length.time.Seconds() * changesPerSecond / changingTickets)
	made, errs := make(chan []change, changingTickets), make(chan error, changingTickets)
	began := time.Now()
	for ticket := range changingTickets {
		go func() {
			list, err := makeChangesOf(ctx, server, ticket, count, began)
			made <- list
			errs <- err
		}()
	}
	var all []change
	for range changingTickets {
		all = append(all, <-made...)
		if err := <-errs; err != nil {
			return nil, err
		}
	}
	return all, ctx.Err()
}

func makeChangesOf(ctx context.Context, server *liveServer, ticket, count int, began time.Time) ([]change, error) {
	c, err := dial(ctx, server.writes)
	if err != nil {
		return nil, err
	}
	defer c.close()
	list := make([]change, 0, count)
	for n := range count {
		due := began.Add(time.Second / changesPerSecond * time.Duration(n*changingTickets+ticket))
		select {
		case <-ctx.Done():
			return list, ctx.Err()
		case <-time.After(time.Until(due)):
		}
		request := server.change(ticket, n)
		made := change{ticket: ticket, number: n, sent: time.Now()}
		if _, err := c.ask(request); err != nil {
			return list, err
		}
		made.acknowledged = time.Now()
		list = append(list, made)
	}
	return list, nil
}

// changeTitle marks a change, so that subscribers can check that they get each of a ticket's once and in order.
func changeTitle(ticket, n int) string { return fmt.Sprintf("change %d %06d", ticket, n) }

const updateTicketQuery = `mutation($input: UpdateTicketInput!) { updateTicket(input: $input) { ticket { id } } }`

func (b *bench) ourLive(ctx context.Context) (*liveServer, error) {
	if err := os.RemoveAll(filepath.Join(b.folder, "ours")); err != nil {
		return nil, err
	}
	if err := b.startOurs(ctx); err != nil {
		return nil, err
	}
	t := b.targets[0]
	if err := t.logIn(ctx); err != nil {
		return nil, err
	}
	b.targets = nil // it is stopped after the measurement
	return &liveServer{target: t, change: func(ticket, n int) []byte {
		id := b.world.ticket(0, ticket, 0, b.world.interaction(0, ticket)).GlobalID()
		input := map[string]any{"id": id, "title": changeTitle(ticket, n)}
		return operation(updateTicketQuery, map[string]any{"input": input}).write(t.writes, t.token)
	}}, nil
}

// errNoPeer is the error of a peer that can't be had here, which has been printed.
var errNoPeer = errors.New("the peer is left out")

// peerLive returns the Node server, or errNoPeer if its packages are not installed.
func (b *bench) peerLive(ctx context.Context) (*liveServer, error) {
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(filepath.Join(b.options.livePeer, "node_modules")); err != nil || missing != nil {
		b.progress.show("no Node peer: run npm ci in %s", b.options.livePeer)
		return nil, errNoPeer
	}
	return b.plainLive(ctx, program{
		name: "node", path: node, arguments: []string{"server.js"}, folder: b.options.livePeer,
		environment: []string{"PORT=0"}, banner: regexp.MustCompile(`^Peer http://127\.0\.0\.1:(\d+)/`),
	})
}

func (b *bench) senderLive(ctx context.Context) (*liveServer, error) {
	return b.plainLive(ctx, program{
		name: "sends", path: filepath.Join(b.kept, "live-sender"), folder: b.folder,
		environment: []string{"PORT=0"}, banner: regexp.MustCompile(`^Sender http://127\.0\.0\.1:(\d+)/`),
	})
}

// plainLive starts a server that publishes the bodies of POST /change.
func (b *bench) plainLive(ctx context.Context, p program) (*liveServer, error) {
	t := &target{name: p.name}
	if err := t.start(ctx, p); err != nil {
		return nil, err
	}
	customer := b.world.customer(0)
	return &liveServer{target: t, change: func(ticket, n int) []byte {
		id := b.world.ticket(0, ticket, 0, b.world.interaction(0, ticket)).GlobalID()
		now := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		return post("/change", map[string]any{
			"seq": fmt.Sprint(n*changingTickets + ticket + 1), "at": now, "kind": "UPDATED", "ticketId": id,
			"ticket": map[string]any{
				"id": id, "title": changeTitle(ticket, n), "status": "OPEN", "priority": "HIGH", "updatedAt": now,
				"customer": map[string]any{"id": customer.GlobalID(), "name": customer.Name},
			},
		}).write(t.writes, "")
	}}, nil
}
