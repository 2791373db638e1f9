package graph

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crm/db"
)

// TestStreamsAreOpenedOneAfterTheOther: those that come at once are spread, and none of them is refused.
func TestStreamsAreOpenedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newOpenStreams(StreamLimits{PerAddress: 1 << 20}.withDefaults())
		perSecond := opensPerSecond * runtime.GOMAXPROCS(0)
		start := time.Now()
		var running sync.WaitGroup
		for range perSecond {
			running.Go(func() {
				if err := streams.wait(t.Context(), "192.0.2.1"); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		if took := time.Since(start); took < 900*time.Millisecond || took > time.Second {
			t.Errorf("a second's streams are opened in %s", took)
		}
		start = time.Now()
		time.Sleep(time.Second)
		if err := streams.wait(t.Context(), "192.0.2.1"); err != nil || time.Since(start) != time.Second {
			t.Errorf("a single stream waits for %s: %v", time.Since(start)-time.Second, err)
		}
	})
}

// TestTooManyOpeningStreams: who would have to wait for too long is told so at once, on both transports.
func TestTooManyOpeningStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := newHandler(newExecutor(newStreamSchema(), HandlerConfig{}), HandlerConfig{})
		handler.streams.opening.SetLimit(1)
		leave, cancel := context.WithCancel(t.Context())
		for i := range int(openTime.Seconds()) + opensAtOnce + 1 {
			go func() { _ = handler.streams.wait(leave, fmt.Sprintf("192.0.2.%d", i)) }()
		}
		synctest.Wait()
		if err := handler.streams.wait(t.Context(), "192.0.2.1"); err == nil || err.Code != db.Unavailable || err.RetryAfter == 0 {
			t.Errorf("got %v, want %s and when to try again", err, db.Unavailable)
		}
		for name, headers := range map[string]http.Header{
			"socket": {"Upgrade": {"websocket"}, "Connection": {"Upgrade"}},
			"events": {"Accept": {mediaEvents}},
		} {
			request := httptest.NewRequest(http.MethodGet, "/graphql?query=subscription{none}", nil)
			request.Header = headers
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") != "10" {
				t.Errorf("%s: got %d, Retry-After %q, %s", name, answer.Code, answer.Header().Get("Retry-After"), answer.Body)
			}
		}
		cancel()
	})
}

// TestOpeningStreamsOfOneAddress: those of one address don't keep those of others waiting for long.
func TestOpeningStreamsOfOneAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newOpenStreams(StreamLimits{PerAddress: 20}.withDefaults())
		var running sync.WaitGroup
		var refused atomic.Int32
		for range 100 {
			running.Go(func() {
				if err := streams.wait(t.Context(), "192.0.2.1"); err != nil && err.Code == db.RateLimited {
					refused.Add(1)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		if err := streams.wait(t.Context(), "192.0.2.2"); err != nil || time.Since(start) > 20*time.Millisecond {
			t.Errorf("another address waits for %s: %v", time.Since(start), err)
		}
		running.Wait()
		if n := refused.Load(); n < 70 {
			t.Errorf("%d of 100 are refused", n)
		}
		if len(streams.waiting) > 0 {
			t.Errorf("%v are waiting still", streams.waiting)
		}
	})
}
