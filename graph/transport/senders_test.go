package transport

import (
	"context"
	"testing"
	"time"
)

// Clients that read nothing don't delay the others, even if a single sender runs all subscriptions.
func TestSlowClientsDelayNobody(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	server.run.senders.limit = 1
	for range 3 {
		server.dial().play(ready(subscribeTo("1", "subscription{chunks}"))...)
	}
	for range 3 {
		server.dial().play(ready(subscribeTo("1", "subscription{shared(to:2)}"),
			nextOf("1", `{"shared":1}`), nextOf("1", `{"shared":2}`), completeOf("1"))...)
	}
}

// A client's pings are answered, also beside messages, and the frames don't mix.
func TestSocketPings(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	for name, steps := range map[string][]string{"idle": ready(), "beside messages": ready(subscribeTo("1", "subscription{chunks}"))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket := server.dial()
			socket.play(steps...)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			go func() {
				for err := ctx.Err(); err == nil; {
					_, _, err = socket.conn.Read(ctx)
				}
			}()
			for range 20 {
				if err := socket.conn.Ping(ctx); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
