package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/coder/websocket"
)

// ticketChanges is the subscription of these tests.
const ticketChanges = `subscription($after: String) { ticketChanged(after: $after) { seq kind ticketId } }`

// ticketChange is a change that a subscriber receives.
type ticketChange struct {
	Seq      int `json:",string"`
	Kind     string
	TicketID string
}

// stream is a subscription to ticketChanges over any transport.
type stream interface {
	// next waits for a change. Its error is an endError if the server ends the subscription.
	next() (ticketChange, error)
	close()
}

// subscribe subscribes after a seq.
type subscribe func(ctx context.Context, p *process, token string, after int) (stream, error)

// endError is the error with which a server ends a subscription; code is empty for a complete one.
type endError struct{ code, message string }

func (e endError) Error() string {
	return "the subscription ends with " + e.code + " " + e.message
}

// streamErrors are the errors of a stream.
type streamErrors []struct {
	Message    string
	Extensions struct{ Code string }
}

func (e streamErrors) end() error {
	if len(e) == 0 {
		return endError{}
	}
	return endError{code: e[0].Extensions.Code, message: e[0].Message}
}

// streamPayload is a response of the subscription.
type streamPayload struct {
	Data   struct{ TicketChanged *ticketChange }
	Errors streamErrors
}

func (p streamPayload) change() (ticketChange, error) {
	if p.Data.TicketChanged == nil || len(p.Errors) > 0 {
		return ticketChange{}, p.Errors.end()
	}
	return *p.Data.TicketChanged, nil
}

func subscription(after int) []byte {
	text, _ := json.Marshal(map[string]any{"query": ticketChanges, "variables": variables{"after": strconv.Itoa(after)}})
	return text
}

// socketStream is a WebSocket with one subscription.
type socketStream struct {
	ctx  context.Context //nolint:containedctx // the context of the stream, as in http.Request
	conn *websocket.Conn
}

// dialSocket opens a WebSocket and sends messages on it.
func dialSocket(ctx context.Context, url string, messages ...string) (*websocket.Conn, error) {
	conn, response, err := websocket.Dial(ctx, url+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		return nil, err
	}
	_ = response.Body // the connection owns it
	for _, message := range messages {
		if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			_ = conn.CloseNow()
			return nil, err
		}
	}
	return conn, nil
}

// initMessage returns the connection_init with a token.
func initMessage(token string) string {
	return `{"type":"connection_init","payload":{"Authorization":"Bearer ` + token + `"}}`
}

func subscribeMessage(id string, payload []byte) string {
	return `{"type":"subscribe","id":"` + id + `","payload":` + string(payload) + `}`
}

// bySocket subscribes over a WebSocket.
func bySocket(ctx context.Context, p *process, token string, after int) (stream, error) {
	conn, err := dialSocket(ctx, p.url, initMessage(token), subscribeMessage("1", subscription(after)))
	if err != nil {
		return nil, err
	}
	return &socketStream{ctx: ctx, conn: conn}, nil
}

func (s *socketStream) next() (ticketChange, error) {
	for {
		_, text, err := s.conn.Read(s.ctx)
		if err != nil {
			return ticketChange{}, err
		}
		var message struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(text, &message); err != nil {
			return ticketChange{}, fmt.Errorf("cannot read %s: %w", text, err)
		}
		switch message.Type {
		case "next":
			var payload streamPayload
			if err := json.Unmarshal(message.Payload, &payload); err != nil {
				return ticketChange{}, fmt.Errorf("cannot read %s: %w", text, err)
			}
			return payload.change()
		case "error":
			var errs streamErrors
			if err := json.Unmarshal(message.Payload, &errs); err != nil {
				return ticketChange{}, fmt.Errorf("cannot read %s: %w", text, err)
			}
			return ticketChange{}, errs.end()
		case "complete":
			return ticketChange{}, endError{}
		}
	}
}

func (s *socketStream) close() { _ = s.conn.CloseNow() }

// eventStream is a response with server-sent events.
type eventStream struct {
	response *http.Response
	lines    *bufio.Reader
	leave    context.CancelFunc
}

// byEvents subscribes to server-sent events.
func byEvents(ctx context.Context, p *process, token string, after int) (stream, error) {
	ctx, leave := context.WithCancel(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/graphql", bytes.NewReader(subscription(after)))
	if err != nil {
		leave()
		return nil, err
	}
	request.Header = http.Header{
		"Accept": {"text/event-stream"}, "Authorization": {"Bearer " + token}, "Content-Type": {"application/json"},
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		leave()
		return nil, err
	}
	return &eventStream{response: response, lines: bufio.NewReader(response.Body), leave: leave}, nil
}

func (s *eventStream) next() (ticketChange, error) {
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return ticketChange{}, err
		}
		data, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data: ")
		switch {
		case line == "event: complete\n":
			return ticketChange{}, endError{}
		case found && data != "":
			var payload streamPayload
			if err := json.Unmarshal([]byte(data), &payload); err != nil {
				return ticketChange{}, fmt.Errorf("cannot read %s: %w", data, err)
			}
			return payload.change()
		}
	}
}

func (s *eventStream) close() {
	s.leave()
	_ = s.response.Body.Close()
}

// follower is a client that wants to receive every change that its account may see. It disconnects now and then, and
// reconnects to any server, as it also does when it loses the connection.
type follower struct {
	name, token string
	subscribe   subscribe
	// got are the received changes; subscriptions and lost count subscriptions and lost connections.
	got                 []ticketChange
	subscriptions, lost int
}

// endsToRepeat are the codes after which clients subscribe again after the last seq, according to docs/live-updates.md.
var endsToRepeat = []string{"UNAVAILABLE", "SLOW_CONSUMER"}

// read is one subscription: it reads the changes after the last one until it has enough, or the stream ends.
func (f *follower) read(ctx context.Context, p *process, after, enough int, received func()) error {
	if len(f.got) > 0 {
		after = f.got[len(f.got)-1].Seq
	}
	stream, err := f.subscribe(ctx, p, f.token, after)
	if err != nil {
		return f.lose(err)
	}
	defer stream.close()
	f.subscriptions++
	for range enough {
		change, err := stream.next()
		if err != nil {
			return f.lose(err)
		}
		if change.Seq <= after {
			return fmt.Errorf("seq %[2]d follows %[1]d", after, change.Seq)
		}
		after = change.Seq
		f.got = append(f.got, change)
		received()
	}
	return nil
}

// lose counts a lost stream, and returns the error if clients should not subscribe again.
func (f *follower) lose(err error) error {
	var end endError
	if errors.As(err, &end) && !slices.Contains(endsToRepeat, end.code) {
		return err
	}
	f.lost++
	return nil
}
