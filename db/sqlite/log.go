package sqlite

import (
	"context"

	"crm/db/store"
)

// log writes events into the log, in the transaction of the change that they tell of.
//
// This is what MoveEvents has to do, done earlier. There is one writing transaction at a time, also among processes,
// since each takes the write lock at its start. It finds the highest seq and gives the next, which leaves no gap if it
// fails. And it commits before the next one begins, so that events become visible in the order of their seq.
func (s *Store) log(w *conn, events []*store.Event) error {
	t := s.table(store.Events)
	for _, event := range events {
		b := &w.builder
		b.reset(s)
		b.write("INSERT INTO ", t.name, " (", t.list, ") VALUES ")
		glue := "("
		for i, pointer := range event.Pointers(nil) {
			b.write(glue)
			glue = ", "
			if store.Events.Fields[i].Name == "seq" {
				b.write("(SELECT coalesce(max(seq), 0) + 1 FROM ", t.name, ")")
				continue
			}
			b.arg(pointer)
		}
		b.write(")")
		if err := w.run(nil); err != nil {
			return err
		}
	}
	return nil
}

// MoveEvents implements store.Store. No event is ever pending here: each is in the log as soon as its change can be seen.
func (s *Store) MoveEvents(ctx context.Context, _ int) (int, error) {
	return 0, ctx.Err()
}
