package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// hostileStreams are attacks whose clients wait until they are cut off.
func hostileStreams() map[string]func(ctx context.Context, a *attacker) error {
	return map[string]func(ctx context.Context, a *attacker) error{
		"sockets without init": func(ctx context.Context, a *attacker) error {
			return atOnce(many(1000), func(int) error { return a.expectClose(ctx, 4408) })
		},
		"subscribes on one socket": func(ctx context.Context, a *attacker) error {
			messages := []string{initMessage(a.token)}
			for i := range many(10_000) {
				messages = append(messages, subscribeMessage(fmt.Sprint(i), []byte(queryBody(idle))))
			}
			return a.expectClose(ctx, 4429, messages...)
		},
		"subscribes with one id": func(ctx context.Context, a *attacker) error {
			return a.expectClose(ctx, 4409, append([]string{initMessage(a.token)},
				manyTimes(many(10_000), subscribeMessage("1", []byte(queryBody(idle))))...)...)
		},
		"inits on one socket": func(ctx context.Context, a *attacker) error {
			return a.expectClose(ctx, 4429, manyTimes(many(10_000), initMessage(a.token))...)
		},
		"a message of 2 MB": func(ctx context.Context, a *attacker) error {
			return a.expectClose(ctx, 1009, initMessage(a.token), subscribeMessage("1", []byte(queryBody(strings.Repeat(" ", 2<<20)))))
		},
		"1 MB that is not JSON": func(ctx context.Context, a *attacker) error {
			return a.expectClose(ctx, 4400, strings.Repeat("\x01", 1<<20-200))
		},
		"JSON, 400,000 deep": func(ctx context.Context, a *attacker) error {
			return a.expectClose(ctx, 4400, `{"type":"ping","payload":`+strings.Repeat("[", 400_000)+strings.Repeat("]", 400_000)+"}")
		},
		"sockets in sequence": func(ctx context.Context, a *attacker) error {
			for range many(500) {
				if err := a.expectClose(ctx, 4401, subscribeMessage("1", []byte(queryBody(idle)))); err != nil {
					return err
				}
			}
			return nil
		},
		"event streams, closed at once": func(ctx context.Context, a *attacker) error {
			return atOnce(many(500), func(int) error { return a.closeEvents(ctx) })
		},
	}
}

// many is how many times something hostile is done: n times in a measurement, and where all tests run.
func many(n int) int {
	if measuring() || allTests() {
		return n
	}
	return n / 5
}

func manyTimes(n int, message string) []string {
	messages := make([]string, n)
	for i := range messages {
		messages[i] = message
	}
	return messages
}

// atOnce calls do n times concurrently.
func atOnce(n int, do func(i int) error) error {
	errs := make([]error, n)
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { errs[i] = do(i) })
	}
	running.Wait()
	return errors.Join(errs...)
}

// expectClose sends messages on a socket until the server closes it, and checks the code.
func (a *attacker) expectClose(ctx context.Context, code websocket.StatusCode, messages ...string) error {
	var conn *websocket.Conn
	var err error
	a.connect(func() { conn, err = dialSocket(ctx, a.url) })
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
	// If data is in flight when the server closes, the close frame can be lost.
	if got := websocket.CloseStatus(err); got != code && (got != -1 || ctx.Err() != nil) {
		return fmt.Errorf("the socket ends with %w, want %d", err, code)
	}
	return nil
}

// closeEvents opens an event stream and disconnects.
func (a *attacker) closeEvents(ctx context.Context) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+"/graphql", strings.NewReader(queryBody(idle)))
	if err != nil {
		return err
	}
	request.Header = http.Header{
		"Accept": {"text/event-stream"}, "Authorization": {"Bearer " + a.token}, "Content-Type": {"application/json"},
	}
	var response *http.Response
	a.connect(func() { response, err = http.DefaultClient.Do(request) }) //nolint:bodyclose // closed below
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("an event stream got %s", response.Status)
	}
	return nil
}
