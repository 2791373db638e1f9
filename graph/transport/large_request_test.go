package transport

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crm/db/store"
)

func TestLargeRequestsWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waiting := largeRequests{newSemaphore(1, largeRequestTimeout, store.Error{})}
		first, err := waiting.acquire(t.Context(), largeRequest)
		if err != nil {
			t.Fatal(err)
		}
		small, err := waiting.acquire(t.Context(), largeRequest-1)
		if err != nil {
			t.Fatalf("a small text waits: %v", err)
		}
		small()
		next := make(chan func(), 1)
		go func() {
			done, _ := waiting.acquire(t.Context(), largeRequest)
			next <- done
		}()
		synctest.Wait()
		select {
		case <-next:
			t.Fatal("a second large text doesn't wait")
		default:
		}
		first()
		(<-next)()
	})
}

func TestLargeRequestsTimeOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limit func(ctx context.Context) (context.Context, context.CancelFunc)
		want  string
	}{
		"too busy": {context.WithCancel, "the server is busy with other large requests"},
		"left": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, "the request was cancelled"},
		"out of time": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, "the request took too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				busy := newLargeRequests()
				for range cap(busy.slots) {
					busy.slots <- struct{}{}
				}
				ctx, cancel := test.limit(t.Context())
				defer cancel()
				if _, err := busy.acquire(ctx, largeRequest); err == nil || err.Code != store.Unavailable || err.Message != test.want {
					t.Errorf("got %v, want %s", err, test.want)
				}
			})
		})
	}
}

// TestBusyWithLargeRequests checks that the code and the status tell a refused client to try again.
func TestBusyWithLargeRequests(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{Limits: Limits{Time: 50 * time.Millisecond}})
	busy := server.run.large.slots
	for range cap(busy) {
		busy <- struct{}{}
	}
	large := "{ping" + strings.Repeat(" ", largeRequest) + "}"
	for name, request := range map[string]*http.Request{
		"POST": httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"query":"`+large+`"}`)),
		"GET":  httptest.NewRequest(http.MethodGet, "/?query="+url.QueryEscape(large), nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request.Header = http.Header{"Content-Type": {mediaJSON}, "Accept": {mediaGraphQL}, "X-Requested-With": {"test"}}
			recorder := httptest.NewRecorder()
			server.handler.ServeHTTP(recorder, request)
			if recorder.Code != http.StatusServiceUnavailable || !strings.Contains(recorder.Body.String(), "UNAVAILABLE") {
				t.Errorf("got %d %s", recorder.Code, recorder.Body)
			}
		})
	}
	t.Run("socket", func(t *testing.T) {
		t.Parallel()
		socket := server.dial()
		socket.t = t
		socket.play(initialize, acked, subscribeTo("1", large),
			`< {"type":"error","id":"1","payload":[{"message":"the server is busy with other large requests",`+
				`"extensions":{"code":"UNAVAILABLE","retryAfter":1}}]}`,
			subscribeTo("2", "{ping}"), nextOf("2", `{"ping":"pong"}`), completeOf("2"))
	})
}
