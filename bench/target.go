package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// target is a measured server, of one or more processes.
type target struct {
	name, version string
	api           api
	// lacks has the names of the cases that it doesn't serve.
	lacks    []string
	children []*child
	// reads and writes are the addresses for requests that read and for those that write.
	reads, writes string

	// authenticated means that requests carry the admin's token.
	authenticated bool
	token         string
	issuedAt      time.Time
}

// start starts a process of the server. The first one is for reads, and the last one for writes.
func (t *target) start(ctx context.Context, p program) error {
	c, err := start(ctx, p)
	if err != nil {
		return err
	}
	t.children = append(t.children, c)
	if t.reads == "" {
		t.reads = c.address
	}
	t.writes = c.address
	return nil
}

// sum adds a figure of all processes.
func (t *target) sum(of func(*process) float64) float64 {
	var all float64
	for _, c := range t.children {
		all += of(c.process)
	}
	return all
}

// How long a server must use no processor time to count as idle, how long to wait for that, and how often to check.
const (
	idleTime     = 300 * time.Millisecond
	idleTimeout  = 2 * time.Minute
	idleInterval = 50 * time.Millisecond
)

// waitIdle waits until the server is idle, because delayed work of one turn would distort the next. It reports whether the
// server became idle.
func (t *target) waitIdle(ctx context.Context) bool {
	began := time.Now()
	quiet, last := began, t.sum((*process).cpu)
	for time.Since(began) < idleTimeout && ctx.Err() == nil {
		time.Sleep(idleInterval)
		if now := t.sum((*process).cpu); now != last {
			quiet, last = time.Now(), now
		}
		if time.Since(quiet) >= idleTime {
			return true
		}
	}
	return false
}

// address returns where requests of a case are sent.
func (t *target) address(s scenario) string {
	if s.writes {
		return t.writes
	}
	return t.reads
}

// requests returns a case's encoded requests to this server.
func (t *target) requests(ctx context.Context, w *world, s scenario) ([][]byte, error) {
	token := ""
	if t.authenticated && !s.anonymous {
		if err := t.logIn(ctx); err != nil {
			return nil, err
		}
		token = t.token
	}
	asked, err := s.requests(w, t.api)
	if err != nil {
		return nil, err
	}
	written := make([][]byte, len(asked))
	for i, one := range asked {
		written[i] = one.write(t.address(s), token)
	}
	return written, nil
}

// tokenAge is the maximum age of a token at the start of a turn. A token is valid for 15 minutes.
const tokenAge = 8 * time.Minute

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
		return fmt.Errorf("cannot log in to %s: %w", t.name, err)
	}
	t.token, t.issuedAt = answer.LogInUser.Tokens.AccessToken, time.Now()
	return nil
}

// cursor returns our server's cursor of the customer that was created at a time.
func (t *target) cursor(ctx context.Context, at time.Time) (string, error) {
	if err := t.logIn(ctx); err != nil {
		return "", err
	}
	var answer struct {
		Customers struct{ Edges []struct{ Cursor string } }
	}
	variables := map[string]any{"at": at.Format(time.RFC3339Nano)}
	if err := t.query(ctx, operation(cursorQuery, variables), &answer); err != nil {
		return "", err
	}
	if len(answer.Customers.Edges) != 1 {
		return "", fmt.Errorf("no customer was created at %s", at)
	}
	return answer.Customers.Edges[0].Cursor, nil
}

// query sends one request to our server, and reads the response's data.
func (t *target) query(ctx context.Context, r request, data any) error {
	body, err := ask(ctx, t.reads, r.write(t.reads, t.token))
	if err != nil {
		return err
	}
	return json.Unmarshal(body, &struct{ Data any }{data})
}

// ask sends one request over a new connection.
func ask(ctx context.Context, address string, request []byte) ([]byte, error) {
	c, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return c.ask(request)
}
