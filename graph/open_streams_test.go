package graph

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crm/db"
)

// TestStreamsAreOpenedOneAfterTheOther: those that come at once are spread, and none of them is refused.
func TestStreamsAreOpenedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newOpenStreams(StreamLimits{}.withDefaults())
		perSecond := opensPerSecond * runtime.GOMAXPROCS(0)
		start := time.Now()
		var running sync.WaitGroup
		for range perSecond {
			running.Go(func() {
				if err := streams.wait(t.Context()); err != nil {
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
		if err := streams.wait(t.Context()); err != nil || time.Since(start) != time.Second {
			t.Errorf("a single stream waits for %s: %v", time.Since(start)-time.Second, err)
		}
	})
}

// TestTooManyOpeningStreams: who would have to wait for too long is told so at once, on both transports.
func TestTooManyOpeningStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := newHandler(newExecutor(newStreamSchema(), HandlerConfig{}), HandlerConfig{})
		leave, cancel := context.WithCancel(t.Context())
		for range int(openTime.Seconds())*opensPerSecond*runtime.GOMAXPROCS(0) + opensAtOnce + 1 {
			go func() { _ = handler.streams.wait(leave) }()
		}
		synctest.Wait()
		if err := handler.streams.wait(t.Context()); err == nil || err.Code != db.Unavailable || err.RetryAfter == 0 {
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
