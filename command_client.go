package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/term"

	"crm/db"
	"crm/db/mongo"
)

// reachPause is how long a command that waits for the data file pauses before it looks for a server again.
const reachPause = 100 * time.Millisecond

var (
	errInterrupted = errors.New("interrupted before the command was done")
	errServerRuns  = errors.New("a server is running on this data; stop it first")
	errServerLost  = errors.New("the server ended before the command was done; part of it may have been done")
)

// runCommand runs a command on the store. If a server has the data file open, it runs the command; the result is the same.
func runCommand(ctx context.Context, s settings, c call, streams streams) error {
	command, err := c.parse()
	if err != nil {
		return err
	}
	if command.asksPassword {
		if c.Password, err = readPassword(ctx, streams.in, streams.logs); err != nil {
			return err
		}
	}
	once := func() error { return command.once(ctx, s, c, streams) }
	if command.every > 0 {
		log := newLog(streams.logs, term.IsTerminal(int(streams.logs.Fd())), s.logLevel)
		return command.folder.repeat(ctx, command.every, log, once)
	}
	return once()
}

// once runs the command once.
func (c command) once(ctx context.Context, s settings, called call, streams streams) (err error) {
	out, end := io.Writer(streams.out), func(err error) error { return err }
	if c.output != nil {
		if out, end, err = c.output(streams); err != nil {
			return err
		}
	}
	err = end(c.execute(ctx, s, called, out))
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// execute runs the command here or in the server that has the data file open.
func (c command) execute(ctx context.Context, s settings, called call, out io.Writer) error {
	crm, server, err := openOrReach(ctx, s, db.Options{Filling: c.fills})
	switch {
	case err != nil:
		return err
	case server != nil && c.alone:
		return errors.Join(errServerRuns, server.Close())
	case server != nil:
		return send(ctx, server, called, out)
	}
	defer crm.close()
	return c.run(ctx, crm, called.Password, out)
}

// commandTimeout is how long one operation of a command on MongoDB may take. Nobody waits for a response, and a move or a backup of millions of
// documents shouldn't end because the server was busy for a moment.
const commandTimeout = 2 * time.Minute

// openOrReach opens the store, or connects to the server that has it open. While it waits for the data file, a server may
// get it first, for example in a restart.
func openOrReach(ctx context.Context, s settings, options db.Options) (*crm, net.Conn, error) {
	s.cacheBytes = 0 // a command reads most documents once, so what it kept would only take memory and time
	s.mongoOptions = []mongo.Option{mongo.WithTimeout(commandTimeout)}
	// Commands have an output of their own, and what they find is in the server's log, too.
	openHere := func(ctx context.Context) (*crm, error) {
		return open(ctx, s, slog.New(slog.DiscardHandler), options)
	}
	if s.mongoURI != "" {
		crm, err := openHere(ctx)
		return crm, nil, err
	}
	server, err := reach(ctx, s.dataDir)
	if !errors.Is(err, errNoServer) {
		return nil, server, err
	}
	opening, cancel := context.WithCancel(ctx)
	defer cancel()
	reached := make(chan net.Conn, 1)
	go func() {
		defer close(reached)
		if server := awaitServer(opening, s.dataDir); server != nil {
			reached <- server
			cancel()
		}
	}()
	crm, err := openHere(opening)
	cancel()
	server = <-reached
	if err != nil && server != nil {
		return nil, server, nil
	}
	if server != nil {
		_ = server.Close() // it has just released the file
	}
	return crm, nil, err
}

// awaitServer connects to the server as soon as there is one. It returns nil when ctx is done.
func awaitServer(ctx context.Context, dataDir string) net.Conn {
	tick := time.NewTicker(reachPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if server, err := reach(ctx, dataDir); err == nil {
			return server
		}
	}
}

// send makes a server run a command, and writes the command's output to out.
func send(ctx context.Context, server net.Conn, c call, out io.Writer) error {
	hangUp := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer func() {
		hangUp()
		_ = server.Close()
	}()
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("cannot encode the command: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://crm"+commandPath, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("cannot encode the command: %w", err)
	}
	if err := request.Write(server); err != nil {
		return errServerLost
	}
	response, err := http.ReadResponse(bufio.NewReader(server), request)
	if err != nil {
		return errServerLost
	}
	defer func() { _ = response.Body.Close() }()
	return relay(response.Body, out)
}

// relay writes the output of a command to out, and returns the command's error.
func relay(from io.Reader, out io.Writer) error {
	for decoder := json.NewDecoder(from); ; {
		var part commandPart
		if err := decoder.Decode(&part); err != nil {
			return errServerLost
		}
		if _, err := out.Write(part.Output); err != nil {
			return err
		}
		if part.Error != "" {
			return errors.New(part.Error)
		}
		if part.Done {
			return nil
		}
	}
}
