package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/mongo"
	"crm/db/store"
	"crm/files"
)

var errKilled = errors.New("the program was killed")

// mortal makes a program that is killed after some calls to the store and the files: from then on, all calls fail.
type mortal struct{ left int }

func (m *mortal) live() error {
	if m.left--; m.left < 0 {
		return errKilled
	}
	return nil
}

// mortalStore is the store of such a program. Calls that only read don't count.
type mortalStore struct {
	store.Store
	*mortal
}

func (s mortalStore) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	if err := s.live(); err != nil {
		return err
	}
	return s.Store.Insert(ctx, c, doc, events...)
}

func (s mortalStore) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	if err := s.live(); err != nil {
		return err
	}
	return s.Store.Update(ctx, c, id, where, set, events...)
}

func (s mortalStore) Delete(ctx context.Context, c *store.Collection, id store.ID, where store.Filter, events ...*store.Event) error {
	if err := s.live(); err != nil {
		return err
	}
	return s.Store.Delete(ctx, c, id, where, events...)
}

func (s mortalStore) Claim(ctx context.Context, c *store.Collection, q store.Query, set []store.Assignment, doc store.Document) error {
	if err := s.live(); err != nil {
		return err
	}
	return s.Store.Claim(ctx, c, q, set, doc)
}

func (s mortalStore) Purge(ctx context.Context, c *store.Collection, where store.Filter, limit int) (int, error) {
	if err := s.live(); err != nil {
		return 0, err
	}
	return s.Store.Purge(ctx, c, where, limit)
}

// mortalFiles are the files of such a program. It may also be killed in the middle of a file.
type mortalFiles struct {
	files.Store
	*mortal
}

func (f mortalFiles) Put(ctx context.Context, key string, size int64, content io.Reader) error {
	if f.live() != nil {
		return errKilled
	}
	if f.live() != nil { // in the middle
		return f.Store.Put(ctx, key, size, io.LimitReader(content, size/2))
	}
	return f.Store.Put(ctx, key, size, content)
}

func (f mortalFiles) Delete(ctx context.Context, key string) error {
	if err := f.live(); err != nil {
		return err
	}
	return f.Store.Delete(ctx, key)
}

// TestKilledAmongFiles kills a program that receives files, writes and deletes messages with them, and sweeps, after each of its writes.
func TestKilledAmongFiles(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		step, kept := 1, files.Store(files.NewFolder(t.TempDir()))
		if database, ok := engine.(*mongo.Store); ok {
			step, kept = 7, database.Files() // FerretDB takes its time
		}
		cleo := customer(t, engine)
		scope := auth.Scope{Role: auth.Customer, Account: cleo.ID}
		completed := false
		for left := 0; !completed; left += step {
			m := &mortal{left}
			d := db.New(mortalStore{engine, m}, nil, db.Options{Files: mortalFiles{kept, m}})
			completed = useFiles(t.Context(), engine, d, scope) == nil
			restarted := db.New(engine, nil, db.Options{Files: kept})
			for _, later := range []time.Duration{0, 11 * time.Minute, 26 * time.Hour, 28 * time.Hour} {
				if err := planAndSweep(t.Context(), engine, restarted, later); err != nil {
					t.Fatalf("after a kill at write %d: %v", left, err)
				}
			}
			checkFiles(t, engine, kept, left)
		}
		if found, err := entity.Find[db.Attachment](t.Context(), engine, db.Attachments.Collection, store.Query{}); err != nil || len(found) == 0 {
			t.Errorf("there are %d attachments in the end, %v", len(found), err)
		}
	})
}

// useFiles does everything that changes files.
func useFiles(ctx context.Context, engine store.Store, d *db.DB, scope auth.Scope) error {
	ids := make([]store.ID, 4)
	for i := range ids {
		content := fmt.Sprint("content ", i)
		var err error
		ids[i], err = d.StoreUpload(ctx, scope, db.NewUpload{FileName: "a.txt", Size: len(content)}, bytes.NewReader([]byte(content)))
		if err != nil {
			return err
		}
	}
	ticket, err := d.CreateTicket(ctx, scope, db.NewTicket{Description: "1", Priority: db.PriorityLow, Attachments: ids[:1]})
	if err != nil {
		return err
	}
	if _, _, err := d.ReplyToTicket(ctx, scope, ticket.ID, db.NewReply{BodyText: "2", Attachments: ids[1:3]}); err != nil {
		return err
	}
	message, _, err := d.ReplyToTicket(ctx, scope, ticket.ID, db.NewReply{BodyText: "1", Attachments: ids[3:]})
	if err != nil {
		return err
	}
	if err := d.DeleteTicketMessage(ctx, scope, message.ID, nil); err != nil {
		return err
	}
	return planAndSweep(ctx, engine, d, 26*time.Hour)
}

// planAndSweep handles all events, and sweeps a while later.
func planAndSweep(ctx context.Context, engine store.Store, d *db.DB, later time.Duration) error {
	for moved := 1; moved > 0; {
		var err error
		if moved, err = engine.MoveEvents(ctx, 100); err != nil {
			return err
		}
	}
	events, err := d.UnplannedEvents(ctx, 1_000)
	if err != nil {
		return err
	}
	for _, event := range events {
		if err := d.PlanDeliveries(ctx, &db.Plan{Event: event}); err != nil {
			return err
		}
	}
	clock := func() time.Time { return time.Now().UTC().Add(later).Truncate(time.Millisecond) }
	return d.ForDemo(clock, func(p db.Passwords) db.Passwords { return p }).NewSweeper().Sweep(ctx)
}

// checkFiles compares messages and tickets, whose texts say how many attachments they have, with attachments and files.
func checkFiles(t *testing.T, engine store.Store, kept files.Store, left int) {
	t.Helper()
	ctx := t.Context()
	attachments, err := entity.Find[db.Attachment](ctx, engine, db.Attachments.Collection, store.Query{})
	if err != nil {
		t.Fatal(err)
	}
	found, owned := map[store.ID]int{}, map[string]bool{}
	for _, a := range attachments {
		owner := a.TicketID
		if a.MessageID != nil {
			owner = *a.MessageID
		}
		found[owner]++
		owned[a.ID.String()] = true
	}
	compare := func(owner store.ID, text string) {
		if got := fmt.Sprint(found[owner]); got != text {
			t.Errorf("after a kill at write %d, what should have %s attachments has %s", left, text, got)
		}
		delete(found, owner)
	}
	messages, err := entity.Find[db.TicketMessage](ctx, engine, db.TicketMessages.Collection, store.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range messages {
		compare(message.ID, message.BodyText)
	}
	tickets, err := entity.Find[db.Ticket](ctx, engine, db.Tickets.Collection, store.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ticket := range tickets {
		compare(ticket.ID, ticket.Description)
	}
	if len(found) > 0 {
		t.Errorf("after a kill at write %d, attachments belong to nothing: %v", left, found)
	}
	err = kept.List(ctx, func(key string, _ int64) error {
		if !owned[key] {
			t.Errorf("after a kill at write %d, file %s belongs to nothing", left, key)
		}
		delete(owned, key)
		return nil
	})
	if err != nil || len(owned) > 0 {
		t.Errorf("after a kill at write %d, files are missing: %v, %v", left, owned, err)
	}
	if n, err := engine.Count(ctx, db.Uploads.Collection, store.Filter{}); err != nil || n > 0 {
		t.Errorf("after a kill at write %d, %d uploads are left, %v", left, n, err)
	}
}
