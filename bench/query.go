package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// query sends one request to our server, and reads the response's data.
func (t *target) query(ctx context.Context, r request, data any) error {
	body, err := t.ask(ctx, r.write(t.child.address, t.token))
	if err != nil {
		return err
	}
	return json.Unmarshal(body, &struct{ Data any }{data})
}

// ask sends one request over a new connection.
func (t *target) ask(ctx context.Context, request []byte) ([]byte, error) {
	c, err := dial(ctx, t.child.address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return c.ask(request)
}

// cursor returns our cursor of the customer that was created at a time.
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

// scenarios returns the selected cases.
func (b *bench) scenarios(ctx context.Context) ([]scenario, error) {
	return b.world.scenarios(b.options.cases, func(at time.Time) (string, error) { return b.targets[0].cursor(ctx, at) })
}

// compare sends the same requests to every server and returns an error if the contents of the responses differ. It sends
// only one request of cases that write or take long.
func (b *bench) compare(ctx context.Context, s *scenario) error {
	const most = 50
	count := min(most, len(s.ours))
	if s.writes {
		count = 1
	}
	asked := make([][][]byte, len(b.targets))
	for n, t := range b.targets {
		var err error
		if asked[n], err = t.requests(ctx, s); err != nil {
			return err
		}
	}
	for i := range count {
		var contents []any
		for n, t := range b.targets {
			body, err := t.ask(ctx, asked[n][i])
			if err != nil {
				return fmt.Errorf("%s: %s: %w", s.name, t.program.name, err)
			}
			content, err := s.content(body)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", s.name, t.program.name, err)
			}
			contents = append(contents, content)
		}
		for n, content := range contents {
			if found := difference("answer", content, contents[referenceTarget]); found != "" {
				return fmt.Errorf("%s: response %d of %s differs from the reference: %s", s.name, i, b.targets[n].program.name, found)
			}
		}
	}
	return nil
}

// The indexes of the servers in bench.targets.
const (
	ourTarget = iota
	referenceTarget
)
