package main_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// attack is one attempt to do harm with streams, whose client waits until it is cut off.
type attack struct {
	p *process

	mutex sync.Mutex
	// cut is how long after its last byte a client was cut off, at most.
	cut time.Duration
}

func (a *attack) wasCut(after time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.cut = max(a.cut, after)
}

// initTime is how long a socket may be without connection_init.
const initTime = 3 * time.Second

func hostileStreams(token string) map[string]func(ctx context.Context, a *attack) error {
	return map[string]func(ctx context.Context, a *attack) error{
		"1,000 sockets without init": func(ctx context.Context, a *attack) error {
			return atOnce(1000, func(int) error { return a.expectClose(ctx, 4408) })
		},
		"10,000 subscribes on one socket": func(ctx context.Context, a *attack) error {
			messages := []string{initMessage(token)}
			for i := range 10_000 {
				messages = append(messages, subscribeMessage(fmt.Sprint(i), []byte(queryBody(idle))))
			}
			return a.expectClose(ctx, 4429, messages...)
		},
		"10,000 subscribes with one id": func(ctx context.Context, a *attack) error {
			return a.expectClose(ctx, 4409, append([]string{initMessage(token)},
				manyTimes(10_000, subscribeMessage("1", []byte(queryBody(idle))))...)...)
		},
		"10,000 inits on one socket": func(ctx context.Context, a *attack) error {
			return a.expectClose(ctx, 4429, manyTimes(10_000, initMessage(token))...)
		},
		"a message of 2 MB": func(ctx context.Context, a *attack) error {
			return a.expectClose(ctx, 1009, initMessage(token), subscribeMessage("1", []byte(queryBody(strings.Repeat(" ", 2<<20)))))
		},
		"1 MB of no JSON": func(ctx context.Context, a *attack) error {
			return a.expectClose(ctx, 4400, strings.Repeat("\x01", 1<<20-200))
		},
		"JSON, 400,000 deep": func(ctx context.Context, a *attack) error {
			return a.expectClose(ctx, 4400, `{"type":"ping","payload":`+strings.Repeat("[", 400_000)+strings.Repeat("]", 400_000)+"}")
		},
		"500 sockets one after the other": func(ctx context.Context, a *attack) error {
			for range 500 {
				if err := a.expectClose(ctx, 4401, subscribeMessage("1", []byte(queryBody(idle)))); err != nil {
					return err
				}
			}
			return nil
		},
		"500 event streams, left at once": func(ctx context.Context, a *attack) error {
			return atOnce(500, func(int) error { return leaveEvents(ctx, a.p, token) })
		},
	}
}

func manyTimes(n int, message string) []string {
	messages := make([]string, n)
	for i := range messages {
		messages[i] = message
	}
	return messages
}

// atOnce does something n times at once.
func atOnce(n int, do func(i int) error) error {
	errs := make([]error, n)
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { errs[i] = do(i) })
	}
	running.Wait()
	return errors.Join(errs...)
}

// expectClose sends messages on a socket, until the server closes it, with that code.
func (a *attack) expectClose(ctx context.Context, code websocket.StatusCode, messages ...string) error {
	conn, err := dialSocket(ctx, a.p)
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	sent := make(chan time.Time, 1)
	go func() {
		for _, message := range messages {
			if conn.Write(ctx, websocket.MessageText, []byte(message)) != nil {
				break
			}
		}
		sent <- time.Now()
	}()
	for err == nil {
		_, _, err = conn.Read(ctx)
	}
	a.wasCut(time.Since(<-sent))
	// What is still on its way when the server closes can take the close with it.
	if got := websocket.CloseStatus(err); got != code && (got != -1 || ctx.Err() != nil) {
		return fmt.Errorf("the socket ends with %w, want %d", err, code)
	}
	return nil
}

// leaveEvents begins an event stream and goes away.
func leaveEvents(ctx context.Context, p *process, token string) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/graphql", strings.NewReader(queryBody(idle)))
	if err != nil {
		return err
	}
	request.Header = http.Header{
		"Accept": {"text/event-stream"}, "Authorization": {"Bearer " + token}, "Content-Type": {"application/json"},
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("an event stream is answered with %s", response.Status)
	}
	return nil
}

// TestHostileStreams is not parallel, for its figures' sake. It measures a normal client, beside each attack.
func TestHostileStreams(t *testing.T) {
	p := serve(t, t.TempDir(), "LOG_LEVEL=error")
	token, _ := populate(p)
	alone := latencies(p, token, 400)
	memory := residentMemory(t, p)
	limit := 10*percentile(alone, 99) + 200*time.Millisecond
	t.Logf("a normal client alone: p50 %s, p99 %s", percentile(alone, 50), percentile(alone, 99))
	for name, do := range hostileStreams(token) {
		a, attacked := &attack{p: p}, make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			attacked <- do(ctx, a)
		}()
		beside := latencies(p, token, 400)
		if err := <-attacked; err != nil {
			t.Errorf("%s: %.500s", name, err.Error())
		}
		t.Logf("%-34s cut after %8.2f ms; a normal client: p50 %s, p99 %s",
			name, float64(a.cut.Microseconds())/1000, percentile(beside, 50), percentile(beside, 99))
		if a.cut > initTime+hostileTime {
			t.Errorf("%s is cut after %s", name, a.cut)
		}
		if percentile(beside, 99) > limit {
			t.Errorf("beside %s, the normal client's p99 is above %s", name, limit)
		}
	}
	if memory == 0 {
		return
	}
	eventually(t, "the memory is given back", func() bool { return residentMemory(t, p) < memory+hostileMemory })
	t.Logf("memory: %d KB before, %d KB afterwards", memory>>10, residentMemory(t, p)>>10)
}
