package e2e_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// What a thousand idle subscribers may cost each, and what the test allows for the measurement: pages that are used in
// part, and what the server keeps since it has served so many connections at a time.
const (
	subscribers     = 1000
	subscriberBytes = 20 << 10
	measuringBytes  = 4 << 10
)

// TestIdleSubscribers measures what a thousand subscribers cost who are told nothing.
func TestIdleSubscribers(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "LOG_LEVEL=error")
	token, _ := populate(p)
	askMany(p, token, 200)
	first := openIdle(t, p, token) // what every one needs isn't counted
	if first == nil {
		return
	}
	defer func() { _ = first.CloseNow() }()
	before := memoryAtRest(t, p)
	if before == 0 {
		return
	}
	conns := make(chan *websocket.Conn, subscribers)
	var opening sync.WaitGroup
	for range 4 {
		opening.Go(func() {
			for range subscribers / 4 {
				conns <- openIdle(t, p, token)
			}
		})
	}
	opening.Wait()
	opened := residentMemory(t, p)
	each := (memoryAtRest(t, p) - before) / subscribers
	askMany(p, token, 200)
	working := residentMemory(t, p)
	t.Logf("an idle subscriber costs %d bytes; %d when all have just come, %d while others ask",
		each, (opened-before)/subscribers, (working-before)/subscribers)
	if each > subscriberBytes+measuringBytes {
		t.Errorf("an idle subscriber costs %d bytes", each)
	}
	for range subscribers {
		if conn := <-conns; conn != nil {
			_ = conn.CloseNow()
		}
	}
	eventually(t, "their memory is given back", func() bool { return residentMemory(t, p) < before+hostileMemory })
}

// memoryAtRest waits until the program has given back what it doesn't need, which is when it holds the same for longer
// than it takes that for rest, and returns how much it holds.
func memoryAtRest(t *testing.T, p *process) int {
	t.Helper()
	const rest = 3 * time.Second
	held, since := residentMemory(t, p), time.Now()
	eventually(t, "the program's memory doesn't change any more", func() bool {
		if now := residentMemory(t, p); now < held*99/100 || now > held*101/100 {
			held, since = now, time.Now()
		}
		return time.Since(since) > rest
	})
	return held
}

const idle = `subscription { ticketChanged { seq kind ticketId } }`

// openIdle opens a socket with a subscription, and returns when the server has taken that.
func openIdle(t *testing.T, p *process, token string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := dialSocket(ctx, p.url, initMessage(token), subscribeMessage("1", []byte(queryBody(idle))), `{"type":"ping"}`)
	if err != nil {
		t.Error(err)
		return nil
	}
	for _, want := range []string{"connection_ack", "pong"} {
		_, text, err := conn.Read(ctx)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("got %s, %v, want %s", text, err, want)
		}
	}
	return conn
}
