package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"zombiezen.com/go/sqlite"
)

const insertTicket = `INSERT INTO tickets (interaction_id, id, customer_id, description, status, priority, created_at)
SELECT id, (SELECT max(id) + 1 FROM tickets), customer_id, ?, 'OPEN', ?, ? FROM interactions WHERE id = ? RETURNING id`

// newTicket is a ticket that waits for its commit.
type newTicket struct {
	InteractionID string `json:"interactionId"`
	Description   string `json:"description"`
	Priority      string `json:"priority"`

	interaction, key, createdAt int64
	done                        chan error
}

// writer inserts the tickets that wait together, with one commit.
type writer struct {
	conn                  *sqlite.Conn
	begin, insert, commit *sqlite.Stmt
	queue                 chan *newTicket
	ended                 chan struct{}
}

func newWriter(file string) (*writer, error) {
	conn, err := open(file)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, queue: make(chan *newTicket, 1024), ended: make(chan struct{})}
	err = prepare(conn, map[string]**sqlite.Stmt{
		"BEGIN IMMEDIATE": &w.begin, insertTicket: &w.insert, "COMMIT": &w.commit,
	})
	go w.run()
	return w, err
}

func (w *writer) close() error {
	close(w.queue)
	<-w.ended
	return w.conn.Close()
}

func (w *writer) run() {
	defer close(w.ended)
	for first := range w.queue {
		batch := append(make([]*newTicket, 0, 64), first)
		for range len(w.queue) {
			batch = append(batch, <-w.queue)
		}
		err := w.write(batch)
		for _, t := range batch {
			t.done <- err
		}
	}
}

func (w *writer) write(batch []*newTicket) error {
	if _, err := w.begin.Step(); err != nil {
		return err
	}
	var errs []error
	for _, t := range batch {
		w.insert.BindText(1, t.Description)
		w.insert.BindText(2, t.Priority)
		w.insert.BindInt64(3, t.createdAt)
		w.insert.BindInt64(4, t.interaction)
		found, err := w.insert.Step()
		if err == nil && !found {
			err = fmt.Errorf("there is no interaction %d", t.interaction)
		}
		t.key = w.insert.ColumnInt64(0)
		errs = append(errs, err, w.insert.Reset())
	}
	_, err := w.commit.Step()
	return errors.Join(append(errs, err)...)
}

// createTicket is case M1.
func (h *handler) createTicket(w http.ResponseWriter, r *http.Request) {
	t := &newTicket{createdAt: time.Now().UnixMilli(), done: make(chan error, 1)}
	err := json.NewDecoder(r.Body).Decode(t)
	if err == nil {
		t.interaction, err = parseID(t.InteractionID)
	}
	if err == nil {
		h.writer.queue <- t
		err = <-t.done
	}
	respond(w, t.render(), err)
}

func (t *newTicket) render() []byte {
	b := appendID([]byte(`{"data":{"createTicket":{"ticket":{"id":"tkt_`), t.key, t.createdAt)
	b = appendText(append(b, `","description":`...), t.Description)
	b = append(append(b, `,"status":"OPEN","priority":"`...), t.Priority...)
	b = appendTime(append(b, `","createdAt":"`...), t.createdAt)
	return append(b, `"}}}}`...)
}
