package transporttest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"crm/graph/stream"
)

// responses are the encoded responses that subscriptions share, by element.
type responses struct {
	mutex sync.Mutex
	texts map[string][]byte
	made  int
}

// Encoded returns how many responses to the elements of queues have been encoded.
func (s *Schema) Encoded() int {
	s.responses.mutex.Lock()
	defer s.responses.mutex.Unlock()
	return s.responses.made
}

// queue is the queue of a subscription: the numbers from 1, or endlessly equal texts if the field is chunks. The transport takes
// them, and shares the responses unless the field is separate.
type queue struct {
	schema    *Schema
	field     graphql.CollectedField
	taken, to int
	delivered chan int
}

// serveQueue makes the transport take the numbers from a queue, which announces them all at once.
func (s *Schema) serveQueue(ctx context.Context, field graphql.CollectedField, to int) graphql.ResponseHandler {
	q := &queue{schema: s, field: field, to: to, delivered: make(chan int, 1)}
	if field.Name == "chunks" {
		q.to = math.MaxInt32
	}
	announce := stream.Announce(ctx)
	stream.Serve(ctx, q)
	announce(q.to + 1) // the end, too
	return func(context.Context) *graphql.Response {
		if number := <-q.delivered; field.Name != "chunks" {
			return oneField(field, number)
		}
		return oneField(field, strings.Repeat("x", 64<<10))
	}
}

// Next implements stream.Queue.
func (q *queue) Next(context.Context, func()) bool {
	q.taken++
	return q.taken <= q.to
}

// Encoded implements stream.Queue.
func (q *queue) Encoded(_ context.Context, _ func(), encode func() (response []byte, shared bool)) []byte {
	r := &q.schema.responses
	r.mutex.Lock()
	defer r.mutex.Unlock()
	key := fmt.Sprint(q.field.Alias, q.taken)
	if q.field.Name == "chunks" {
		key = q.field.Name
	}
	if text := r.texts[key]; text != nil && q.field.Name != "separate" {
		return text
	}
	text, shared := encode()
	r.made++
	if r.texts == nil {
		r.texts = make(map[string][]byte)
	}
	if shared {
		r.texts[key] = text
	}
	return text
}

// Deliver implements stream.Queue.
func (q *queue) Deliver() { q.delivered <- q.taken }
