package transport

import (
	"fmt"
	"strings"
	"testing"
)

// ready returns the steps with those before them that open a connection.
func ready(steps ...string) []string { return append([]string{initialize, acked}, steps...) }

// refusedAt returns the step that an operation ends because of a field of its input.
func refusedAt(id, path, message string) string {
	return fmt.Sprintf(`< {"type":"error","id":%[1]q,"payload":[{"message":%[4]q,`+
		`"extensions":{"code":"BAD_USER_INPUT","fields":[{"path":%[2]q,"message":%[3]q}]}}]}`, id, path, message, path+": "+message)
}

// TestSocketConnection opens connections as graphql-transport-ws allows and forbids, and pings.
func TestSocketConnection(t *testing.T) {
	t.Parallel()
	playAll(t, map[string][]string{
		"init":                  {initialize, acked},
		"init with payload":     {`> {"type":"connection_init","payload":{"other":1}}`, acked},
		"init with null":        {`> {"type":"connection_init","payload":null}`, acked},
		"init with text":        {`> {"type":"connection_init","payload":"x"}`, "! 4400"},
		"init with list":        {`> {"type":"connection_init","payload":[]}`, "! 4400"},
		"second init":           ready(initialize, "! 4429 Too many initialisation requests"),
		"subscribe before init": {subscribeTo("1", "{ping}"), "! 4401 Unauthorized"},

		"ping":              {`> {"type":"ping"}`, `< {"type":"pong"}`, initialize, acked, `> {"type":"ping"}`, `< {"type":"pong"}`},
		"ping with payload": {`> {"type":"ping","payload":{"a":[1]}}`, `< {"type":"pong","payload":{"a":[1]}}`},
		"ping with text":    {`> {"type":"ping","payload":"x"}`, "! 4400"},
		"pong unasked":      {`> {"type":"pong","payload":{"a":1}}`, initialize, acked},
	})
}

// TestSocketMessages sends messages that are malformed or too large, and some at the limit.
func TestSocketMessages(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxOperationID)
	playAll(t, map[string][]string{
		"not JSON":             {"> hunter2", "! 4400"},
		"a list":               {"> []", "! 4400"},
		"a text":               {`> "connection_init"`, "! 4400"},
		"no type":              {`> {"id":"1"}`, "! 4400"},
		"a type of the server": {`> {"type":"connection_ack"}`, "! 4400"},
		"a legacy type":        ready(`> {"type":"start","id":"1","payload":{"query":"{ping}"}}`, "! 4400"),
		"a type in capitals":   {`> {"type":"CONNECTION_INIT"}`, "! 4400"},
		"a number as type":     {`> {"type":1}`, "! 4400"},
		"no id":                ready(`> {"type":"subscribe","payload":{"query":"{ping}"}}`, "! 4400"),
		"an empty id":          ready(subscribeTo("", "{ping}"), "! 4400"),
		"a number as id":       ready(`> {"type":"subscribe","id":1,"payload":{"query":"{ping}"}}`, "! 4400"),
		"a long id":            ready(subscribeTo(long, "{ping}"), nextOf(long, `{"ping":"pong"}`), completeOf(long)),
		"too long an id":       ready(subscribeTo(long+"x", "{ping}"), "! 4400"),
		"no payload":           ready(`> {"type":"subscribe","id":"1"}`, "! 4400"),
		"a text as payload":    ready(`> {"type":"subscribe","id":"1","payload":"{ping}"}`, "! 4400"),
		"no query":             ready(`> {"type":"subscribe","id":"1","payload":{}}`, "! 4400"),
		"a number as query":    ready(`> {"type":"subscribe","id":"1","payload":{"query":1}}`, "! 4400"),
		"variables as text":    ready(`> {"type":"subscribe","id":"1","payload":{"query":"{ping}","variables":"x"}}`, "! 4400"),
		"half a pair": ready(`> {"type":"subscribe","id":"1","payload":{"query":"{ping}","variables":{"a":"\ud800"}}}`,
			refusedAt("1", "variables.a", "must be valid Unicode: it has half of a surrogate pair, or bytes that aren't UTF-8"), subscribeTo("1", "{ping}")),
		"complete without id": ready(`> {"type":"complete"}`, "! 4400"),
		"too large":           {"> " + strings.Repeat(" ", 1<<20+1), "! 1009"},
		"not UTF-8":           {"> {\"type\":\"connection_init\",\"payload\":{\"\xff\":1}}", "! 1007"},
	})
}

// TestSocketOperations walks through the rules of graphql-transport-ws on the start and the end of operations.
func TestSocketOperations(t *testing.T) {
	t.Parallel()
	playAll(t, map[string][]string{
		"query":            ready(subscribeTo("1", "{ping}"), nextOf("1", `{"ping":"pong"}`), completeOf("1")),
		"mutation":         ready(subscribeTo("1", "mutation{set}"), nextOf("1", `{"set":"pong"}`), completeOf("1")),
		"an id in quotes":  ready(subscribeTo(`\"<é>`, "{ping}"), nextOf(`\"<é>`, `{"ping":"pong"}`), completeOf(`\"<é>`)),
		"the same id anew": ready(subscribeTo("1", "{ping}"), nextOf("1", `{"ping":"pong"}`), completeOf("1"), subscribeTo("1", "{ping}"), nextOf("1", `{"ping":"pong"}`), completeOf("1")),
		"many events at once": ready(subscribeTo("1", "subscription{separate(to:3)}"),
			nextOf("1", `{"separate":1}`), nextOf("1", `{"separate":2}`), nextOf("1", `{"separate":3}`), completeOf("1")),
		"nulls": ready(`> {"type":"subscribe","id":"1","payload":{"query":"{ping}","variables":null,"operationName":null,"extensions":null}}`,
			nextOf("1", `{"ping":"pong"}`), completeOf("1")),
		"variables": ready(`> {"type":"subscribe","id":"1","payload":{"query":"subscription($n:Int!){count(to:$n)}","variables":{"n":1}}}`,
			nextOf("1", `{"count":1}`), completeOf("1")),
		"subscription": ready(subscribeTo("1", "subscription{count(to:2)}"),
			nextOf("1", `{"count":1}`), nextOf("1", `{"count":2}`), completeOf("1")),
		"an empty subscription": ready(subscribeTo("1", "subscription{count(to:0)}"), completeOf("1")),
		"duplicate id":          ready(subscribeTo("1", "subscription{idle}"), subscribeTo("1", "{ping}"), "! 4409 Subscriber for 1 already exists"),
		"complete, then the id anew": ready(subscribeTo("1", "subscription{idle}"), `> {"type":"complete","id":"1"}`,
			subscribeTo("1", "{ping}"), nextOf("1", `{"ping":"pong"}`), completeOf("1")),
		"complete of nothing": ready(`> {"type":"complete","id":"1"}`, subscribeTo("1", "{ping}"), nextOf("1", `{"ping":"pong"}`), completeOf("1")),

		"a field that fails": ready(subscribeTo("1", "{panic}"), "* INTERNAL_SERVER_ERROR"),
		"a syntax error":     ready(subscribeTo("1", "{"), "* GRAPHQL_PARSE_FAILED"),
		"an invalid query":   ready(subscribeTo("1", "{nothing}"), "* GRAPHQL_VALIDATION_FAILED"),
		"a wrong variable":   ready(subscribeTo("1", "query($a:Int!){ping @skip(if:$a)}"), "* GRAPHQL_VALIDATION_FAILED"),
		"refused":            ready(subscribeTo("1", "subscription{refused}"), errorOf("1", "not for you", "FORBIDDEN")),
		"ended with a cause": ready(subscribeTo("1", "subscription{slow}"), nextOf("1", `{"slow":1}`), errorOf("1", "too slow", "RATE_LIMITED")),
		"ended by an error":  ready(subscribeTo("1", "subscription{secret}"), nextOf("1", `{"secret":1}`), "* INTERNAL_SERVER_ERROR"),
		"ended by a panic":   ready(subscribeTo("1", "subscription{panic}"), nextOf("1", `{"panic":1}`), "* INTERNAL_SERVER_ERROR"),
	})
}

// playAll plays each list of steps on a connection of its own. The step "* CODE" expects a message with that error code that
// reveals no secret.
func playAll(t *testing.T, tests map[string][]string) {
	t.Helper()
	server := newStreamServer(t, Config{})
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket := server.dial()
			socket.t = t
			for _, step := range steps {
				if code, isCode := strings.CutPrefix(step, "* "); isCode {
					got := socket.next()
					if !strings.Contains(got, `"code":"`+code+`"`) || strings.Contains(got, "hunter2") {
						t.Errorf("got %s, want %s", got, code)
					}
					continue
				}
				socket.play(step)
			}
		})
	}
}
