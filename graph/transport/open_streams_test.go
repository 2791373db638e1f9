package transport

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crm/db/store"
	"crm/graph/transport/transporttest"
)

// TestStreamsAreOpenedOneAfterTheOther checks that simultaneous streams are spread over time, and none is refused.
func TestStreamsAreOpenedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newOpenStreams(StreamLimits{PerAddress: 1 << 20}.withDefaults())
		start := time.Now()
		var running sync.WaitGroup
		for range 200 * runtime.GOMAXPROCS(0) {
			running.Go(func() {
				if err := streams.wait(t.Context(), "192.0.2.1"); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("they were opened in %s", took)
		}
		if len(streams.waiting) > 0 {
			t.Errorf("%v are still waiting", streams.waiting)
		}
	})
}

// TestLeavingTheQueueOfStreams checks that clients that disconnect don't delay others.
func TestLeavingTheQueueOfStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newOpenStreams(StreamLimits{}.withDefaults())
		for range 20 {
			ctx, leave := context.WithCancel(t.Context())
			for range 50 {
				go func() { _ = streams.wait(ctx, "192.0.2.1") }()
			}
			synctest.Wait()
			leave()
			synctest.Wait()
		}
		start := time.Now()
		if err := streams.wait(t.Context(), "192.0.2.2"); err != nil || time.Since(start) > 5*time.Millisecond {
			t.Errorf("another one waits for %s: %v", time.Since(start), err)
		}
	})
}

// TestOpeningStreamsOfOneAddress checks that an address may have as many waiting streams as open ones.
func TestOpeningStreamsOfOneAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newOpenStreams(StreamLimits{PerAddress: 20}.withDefaults())
		streams.opening.slots <- struct{}{}
		for range 20 {
			go func() { _ = streams.wait(t.Context(), "192.0.2.1") }()
		}
		synctest.Wait()
		if err := streams.wait(t.Context(), "192.0.2.1"); err == nil || err.Code != store.RateLimited || err.RetryAfter == 0 {
			t.Errorf("got %v, want %s and when to try again", err, store.RateLimited)
		}
		<-streams.opening.slots
		if err := streams.wait(t.Context(), "192.0.2.2"); err != nil {
			t.Errorf("another address got %v", err)
		}
	})
}

// TestTooManyOpeningStreams checks that a client that has waited too long gets an error, on both transports.
func TestTooManyOpeningStreams(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]http.Header{
		"socket": {"Upgrade": {"websocket"}, "Connection": {"Upgrade"}},
		"events": {"Accept": {mediaEvents}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				handler := NewHandler(Config{Executor: newTestExecutor(transporttest.NewSchema(), slog.New(slog.DiscardHandler))})
				handler.streams.opening.slots <- struct{}{}
				request := httptest.NewRequest(http.MethodGet, "/graphql?query=subscription{none}", nil)
				request.Header = headers
				answer, start := httptest.NewRecorder(), time.Now()
				handler.ServeHTTP(answer, request)
				if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") != "10" {
					t.Errorf("got %d, Retry-After %q, %s", answer.Code, answer.Header().Get("Retry-After"), answer.Body)
				}
				if took := time.Since(start); took != openTimeout {
					t.Errorf("it waited for %s", took)
				}
			})
		})
	}
}

// TestStopEmptiesTheQueueOfStreams checks that a stopping server opens no waiting stream and doesn't pause.
func TestStopEmptiesTheQueueOfStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newOpenStreams(StreamLimits{}.withDefaults())
		streams.opening.slots <- struct{}{}
		var waiting sync.WaitGroup
		for range 1_000 {
			waiting.Go(func() {
				if err := streams.wait(t.Context(), "192.0.2.1"); err != nil {
					t.Error(err)
				}
				if _, err := streams.add("192.0.2.1", func() {}); err == nil || err.Code != store.Unavailable {
					t.Errorf("got %v, want %s", err, store.Unavailable)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		streams.shutdown(t.Context())
		<-streams.opening.slots
		waiting.Wait()
		if took := time.Since(start); took > 0 {
			t.Errorf("the last of them leaves after %s", took)
		}
	})
}
