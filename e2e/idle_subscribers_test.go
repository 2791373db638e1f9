package e2e_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// The maximum memory of each of a thousand idle subscribers, and a tolerance for the measurement: partly used pages, and
// memory that the server keeps after it has served many concurrent connections.
const (
	subscribers     = 1000
	subscriberBytes = 20 << 10
	measuringBytes  = 4 << 10
)

// TestIdleSubscribers measures the memory of a thousand subscribers that receive nothing.
func TestIdleSubscribers(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "LOG_LEVEL=error")
	token, _ := populate(p)
	askMany(p, token, 200)
	first := openIdle(t, p, token) // the initial cost of the first one isn't counted
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
	t.Logf("an idle subscriber costs %d bytes; %d just after all have connected, %d while others send requests",
		each, (opened-before)/subscribers, (working-before)/subscribers)
	if each > subscriberBytes+measuringBytes {
		t.Errorf("an idle subscriber costs %d bytes", each)
	}
	for range subscribers {
		if conn := <-conns; conn != nil {
			_ = conn.CloseNow()
		}
	}
	eventually(t, "their memory is released", func() bool { return residentMemory(t, p) < before+hostileMemory })
}

// memoryAtRest waits until the program has released unused memory, which is when its memory is stable for longer than the
// program's own idle time, and returns it.
func memoryAtRest(t *testing.T, p *process) int {
	t.Helper()
	const rest = 3 * time.Second
	held, since := residentMemory(t, p), time.Now()
	eventually(t, "the program's memory is stable", func() bool {
		if now := residentMemory(t, p); now < held*99/100 || now > held*101/100 {
			held, since = now, time.Now()
		}
		return time.Since(since) > rest
	})
	return held
}

const idle = `subscription { ticketChanged { seq kind ticketId } }`

// openIdle opens a socket with a subscription, and returns when the server has accepted that.
func openIdle(t *testing.T, p *process, token string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
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
