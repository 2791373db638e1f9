package transport

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"crm/graph/transport/transporttest"
)

// initializeAs returns the step that authenticates the client.
func initializeAs(name, token string) string {
	return `> {"type":"connection_init","payload":{"` + name + `":"Bearer ` + token + `"}}`
}

func TestSocketAuthentication(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	user, nobody := nextOf("1", `{"viewer":"USER 192.0.2.1"}`), nextOf("1", `{"viewer":" 192.0.2.1"}`)
	for name, test := range map[string]struct{ header, first, then string }{
		"by connection_init":               {"", initializeAs("Authorization", "good"), user},
		"in lower case":                    {"", initializeAs("authorization", "good"), user},
		"by the request":                   {"Authorization: Bearer good", initialize, user},
		"by both":                          {"Authorization: Bearer good", initializeAs("Authorization", "good"), user},
		"a bad token":                      {"", initializeAs("Authorization", "hunter2"), "! 4403 Forbidden"},
		"a bad token after a good request": {"Authorization: Bearer good", initializeAs("Authorization", "hunter2"), "! 4403 Forbidden"},
		"another scheme":                   {"", `> {"type":"connection_init","payload":{"Authorization":"Basic x"}}`, "! 4403 Forbidden"},
		"not a text":                       {"", `> {"type":"connection_init","payload":{"Authorization":1}}`, "! 4400"},
		"nobody":                           {"", initialize, nobody},
		"a preset without token":           {"", initializeAs("Authorization", ""), nobody},
		"sessions unavailable":             {"", initializeAs("Authorization", "down"), "! 1013"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket := server.dial(test.header)
			socket.t = t
			socket.play(test.first)
			if test.then[0] != '!' {
				socket.play(acked, subscribeTo("1", "{viewer}"))
			}
			socket.play(test.then)
		})
	}
	t.Cleanup(func() {
		if log := server.log.String(); strings.Contains(log, "good") || strings.Count(log, "hunter2") != 1 {
			t.Errorf("the log is %s", log)
		}
	})
}

func TestSocketEndsWithItsToken(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	server.tokens.Expires = time.Now().Add(time.Second)
	socket := server.dial()
	socket.play(initializeAs("Authorization", "good"), acked, subscribeTo("1", idle), subscribeTo("2", "{wait}"))
	transporttest.Receive(t, server.schema.Started, "an operation")
	transporttest.Receive(t, server.schema.Started, "an operation")
	socket.play(errorOf("1", "the access token is not valid: it has expired", "UNAUTHENTICATED"))
	close(server.schema.Proceed)
	socket.play(nextOf("2", `{"wait":"done"}`), completeOf("2"), "! 4403 Forbidden")
}

func TestSocketEndsWithItsSession(t *testing.T) {
	t.Parallel()
	const ended = "the access token is not valid"
	t.Run("at the next heartbeat", func(t *testing.T) {
		t.Parallel()
		server := newStreamServer(t, Config{Limits: Limits{Streams: StreamLimits{Heartbeat: 50 * time.Millisecond}}})
		socket := server.dial()
		socket.play(initializeAs("Authorization", "good"), acked, subscribeTo("1", idle))
		transporttest.Receive(t, server.schema.Started, "the subscription")
		server.tokens.EndSessions()
		socket.play(errorOf("1", ended, "UNAUTHENTICATED"), "! 4403 Forbidden")
	})
	t.Run("at the next operation", func(t *testing.T) {
		t.Parallel()
		server := newStreamServer(t, Config{})
		socket := server.dial()
		socket.play(initializeAs("Authorization", "good"), acked)
		server.tokens.EndSessions()
		socket.play(subscribeTo("1", "{ping}"), errorOf("1", ended, "UNAUTHENTICATED"), "! 4403 Forbidden")
	})
}

func TestSocketSubprotocol(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	for offer, code := range map[string]string{
		"graphql-ws": "! 4406 Subprotocol not acceptable", "": "! 4406", "other graphql-transport-ws": "",
		"graphql-ws graphql-transport-ws": "",
	} {
		socket := server.dial("Sec-Websocket-Protocol: " + offer)
		if code != "" {
			socket.play(code)
			continue
		}
		socket.play(initialize, acked)
	}
}

func TestSocketOrigin(t *testing.T) {
	t.Parallel()
	listed := newStreamServer(t, Config{Origins: mustParseOrigins(t, "https://crm.example,https://*.crm.example")})
	everybody := newStreamServer(t, Config{Origins: mustParseOrigins(t, "*")})
	none := newStreamServer(t, Config{})
	for _, test := range []struct {
		server *streamServer
		origin string
		want   bool
	}{
		{none, "", true}, {none, none.web.URL, true}, {none, "https://crm.example", false}, {none, "null", false},
		{listed, listed.web.URL, true}, {listed, "https://crm.example", true}, {listed, "https://a.crm.example", true},
		{listed, "http://crm.example", false}, {listed, "https://evil.example", false},
		{listed, "https://crm.example.evil.example", false}, {everybody, "https://evil.example", true},
	} {
		socket, response, err := test.server.tryDial("Origin: " + test.origin)
		switch {
		case (err == nil) != test.want:
			t.Errorf("%q may: %t", test.origin, err == nil)
		case err != nil && response.StatusCode != http.StatusForbidden:
			t.Errorf("%q got %d", test.origin, response.StatusCode)
		case err == nil:
			socket.play(initialize, acked)
		}
	}
}
