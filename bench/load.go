package main

import (
	"bytes"
	"context"
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

// role is a part of the load: each of its connections sends one request of each case in turn.
type role struct {
	cases       []string
	connections int
	// rate is the number of requests per second of all connections; without one, each request follows the last response.
	rate float64
}

// due returns when a connection sends its next request. With a rate, latencies count from then, even if the connection is still
// waiting for a response, so that a slow server can't hide by being asked less.
func (r role) due(began time.Time, sent int) time.Time {
	if r.rate == 0 {
		return time.Now()
	}
	due := began.Add(time.Duration(float64(sent*r.connections) / r.rate * float64(time.Second)))
	time.Sleep(time.Until(due))
	return due
}

// outcome is the result of a role.
type outcome struct {
	mutex     sync.Mutex
	latencies map[string]samples
	// errors counts error responses; err is the first of them.
	errors int
	err    error
	took   time.Duration
}

func (o *outcome) add(name string, taken samples) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.latencies[name] = append(o.latencies[name], taken...)
}

func (o *outcome) fail(err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.errors++; o.err == nil {
		o.err = err
	}
}

// all returns the latencies of all cases.
func (o *outcome) all() samples {
	var all samples
	for _, taken := range o.latencies {
		all = append(all, taken...)
	}
	return all
}

func (o *outcome) rps() float64 { return float64(len(o.all())) / o.took.Seconds() }

// questions are the encoded requests of a case, and the address that they are sent to.
type questions struct {
	address  string
	requests [][]byte
}

// runRoles runs roles at the same time.
func (b *bench) runRoles(ctx context.Context, t *target, length length, roles ...role) ([]*outcome, error) {
	asked := make(map[string]questions)
	for _, r := range roles {
		for _, name := range r.cases {
			s := scenarioOf(name)
			requests, err := t.requests(ctx, b.world, s)
			if err != nil {
				return nil, err
			}
			asked[name] = questions{t.address(s), requests}
		}
	}
	outcomes := make([]*outcome, len(roles))
	var running sync.WaitGroup
	began := time.Now()
	for i, r := range roles {
		o := &outcome{latencies: make(map[string]samples)}
		outcomes[i] = o
		for n := range r.connections {
			running.Go(func() { r.play(ctx, asked, n, began, length, o) })
		}
	}
	running.Wait()
	for _, o := range outcomes {
		o.took = time.Since(began)
	}
	return outcomes, ctx.Err()
}

// play runs the n-th connection of a role. After an error, which it counts, it continues with a new connection.
func (r role) play(ctx context.Context, asked map[string]questions, n int, began time.Time, length length, o *outcome) {
	taken := make(map[string]samples)
	var c *connection
	for sent := 0; !length.over(began, sent, r.connections) && ctx.Err() == nil; sent++ {
		name := r.cases[(n+sent)%len(r.cases)]
		all := asked[name]
		one := all.requests[(n*len(all.requests)/r.connections+sent/len(r.cases))%len(all.requests)]
		due := r.due(began, sent)
		var err error
		if c == nil {
			c, err = dial(ctx, all.address)
		}
		if err == nil {
			_, err = c.ask(one)
		}
		if err == nil {
			taken[name] = append(taken[name], time.Since(due))
			continue
		}
		o.fail(fmt.Errorf("%s: %w", name, err))
		c.close()
		c = nil
	}
	c.close()
	for name, latencies := range taken {
		o.add(name, latencies)
	}
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
