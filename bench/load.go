package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// length is the length of a turn: a time or a number of requests.
type length struct {
	time     time.Duration
	requests int
}

// over reports whether a connection has sent its share of the requests, or the time is up.
func (l length) over(began time.Time, sent, connections int) bool {
	if l.requests > 0 {
		return sent*connections >= l.requests
	}
	return time.Since(began) >= l.time
}

// samples are the latencies of responses.
type samples []time.Duration

// percentile returns the latency in milliseconds that a share of the responses did not exceed. It sorts the samples.
func (s samples) percentile(share float64) float64 {
	if len(s) == 0 {
		return 0
	}
	slices.Sort(s)
	return milliseconds(s[min(int(share*float64(len(s))), len(s)-1)])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// load is sent repeatedly by several connections at the same time: each sends all requests in order.
type load struct {
	address     string
	requests    [][]byte
	connections int
	length      length
}

// run sends the load. It stops at the first error response.
func (l load) run(ctx context.Context) (samples, time.Duration, error) {
	began := time.Now()
	latencies := make([]samples, l.connections)
	errs := make([]error, l.connections)
	var running sync.WaitGroup
	for n := range l.connections {
		running.Go(func() { latencies[n], errs[n] = l.drive(ctx, n, began) })
	}
	running.Wait()
	return slices.Concat(latencies...), time.Since(began), cmp.Or(errors.Join(errs...), ctx.Err())
}

// drive sends requests on the n-th connection; connections begin with different requests.
func (l load) drive(ctx context.Context, n int, began time.Time) (samples, error) {
	c, err := dial(ctx, l.address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	taken := make(samples, 0, 1<<14)
	next := n * len(l.requests) / l.connections
	for !l.length.over(began, len(taken), l.connections) && ctx.Err() == nil {
		sent := time.Now()
		if _, err := c.ask(l.requests[next%len(l.requests)]); err != nil {
			return nil, err
		}
		taken = append(taken, time.Since(sent))
		next++
	}
	return taken, nil
}

// ask sends a request and returns the response, which must be a success. GraphQL responses with errors also have status 200,
// so ask looks for the key "errors"; within a text, its quotes would be escaped.
func (c *connection) ask(request []byte) ([]byte, error) {
	status, body, err := c.send(request)
	if err != nil {
		return nil, fmt.Errorf("cannot read response: %w", err)
	}
	if status != http.StatusOK || bytes.Contains(body, []byte(`"errors":`)) {
		return nil, fmt.Errorf("the response is an error: %d %.1000s", status, body)
	}
	return body, nil
}
