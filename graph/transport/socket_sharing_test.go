package transport

import (
	"io"
	"strconv"
	"strings"
	"testing"
)

// Subscriptions that share the responses still get each with their own id and in their own protocol, and as many as they
// asked for, whether these fit into one write or not.
func TestSharedResponses(t *testing.T) {
	t.Parallel()
	const events = 1000 // more than fit into a buffer
	server := newStreamServer(t, Config{})
	query := "subscription{shared(to:" + strconv.Itoa(events) + ")}"
	long := strings.Repeat("x", maxOperationID)
	first, second := server.dial(), server.dial()
	first.play(ready(subscribeTo("1", query), subscribeTo(`\"<é>`, "subscription{shared(to:2)}"))...)
	second.play(ready(subscribeTo(long, query))...)
	type message struct {
		socket *testSocket
		id     string
	}
	want := map[message]int{{first, "1"}: events, {first, `\"<é>`}: 2, {second, long}: events}
	got := map[message]int{}
	for _, socket := range []*testSocket{first, second} {
		for range map[*testSocket]int{first: events + 2 + 2, second: events + 1}[socket] {
			text := socket.next()
			for of, count := range want {
				switch number := strconv.Itoa(got[of] + 1); {
				case of.socket != socket:
				case text == `{"type":"next","id":"`+of.id+`","payload":{"data":{"shared":`+number+`}}}`:
					got[of]++
				case text == `{"type":"complete","id":"`+of.id+`"}` && got[of] != count:
					t.Errorf("%s is complete after %s", of.id, number)
				}
			}
		}
	}
	for of, count := range want {
		if got[of] != count {
			t.Errorf("%s gets %d events, want %d", of.id, got[of], count)
		}
	}
	body, err := io.ReadAll(server.openEvents("POST", query).Body)
	if n := strings.Count(string(body), "event: next\ndata: {\"data\":{\"shared\":"); err != nil || n != events {
		t.Errorf("an event stream gets %d events, %v", n, err)
	}
	if n := server.schema.Encoded(); n != events {
		t.Errorf("%d responses are encoded, want %d", n, events)
	}
}

// A client can ask for the cost of the operations of its socket.
func TestSocketHeaders(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	server.dial("X-GraphQL-Cost: 1").play(ready(subscribeTo("1", "{cost}"), nextOf("1", `{"cost":"1"}`), completeOf("1"))...)
}
