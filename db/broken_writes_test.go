package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// brokenWrites is a store that can't write to a collection, and counts how often its documents are counted.
type brokenWrites struct {
	store.Store
	to      *store.Collection
	counted int
}

var errDiskFull = errors.New("the disk is full")

func (s *brokenWrites) Count(ctx context.Context, c *store.Collection, where store.Filter) (int, error) {
	if c == s.to {
		s.counted++
	}
	return s.Store.Count(ctx, c, where)
}

func (s *brokenWrites) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	if c == s.to {
		return errDiskFull
	}
	return s.Store.Insert(ctx, c, doc, events...)
}

func (s *brokenWrites) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	if c == s.to {
		return errDiskFull
	}
	return s.Store.Update(ctx, c, id, where, set, events...)
}

func (s *brokenWrites) Delete(ctx context.Context, c *store.Collection, id store.ID, where store.Filter, events ...*store.Event) error {
	if c == s.to {
		return errDiskFull
	}
	return s.Store.Delete(ctx, c, id, where, events...)
}

// linkable creates tickets of a customer.
func linkable(t *testing.T, engine store.Store, n int) (scope auth.Scope, ids []store.ID) {
	t.Helper()
	scope = auth.Scope{Role: auth.Admin, Account: store.NewID()}
	customerID := customer(t, engine).GlobalID()
	for range n {
		ticket, err := db.New(engine, nil, db.Options{}).CreateTicket(t.Context(), scope, db.NewTicket{
			CustomerID: &customerID, Description: "x", Priority: db.PriorityLow,
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, ticket.ID)
	}
	return scope, ids
}

// TestWritesThatFail checks that the errors of writes that fail say what couldn't be done.
func TestWritesThatFail(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		scope, ids := linkable(t, engine, 2)
		failing := func(to *store.Collection) *db.DB {
			return db.New(&brokenWrites{Store: engine, to: to}, nil, db.Options{})
		}
		noFill := func(context.Context) error { return nil }
		for want, write := range map[string]func() error{
			"cannot link tickets": func() error {
				_, err := failing(db.TicketLinks.Collection).LinkTickets(t.Context(), scope, ids[0], ids[1])
				return err
			},
			"cannot remove a link of tickets": func() error {
				_, err := failing(db.TicketLinks.Collection).UnlinkTickets(t.Context(), scope, ids[0], ids[1])
				return err
			},
			"cannot begin counter of tickets": func() error {
				return failing(db.Counters.Collection).DeleteTicket(t.Context(), scope, ids[0], nil)
			},
		} {
			if err := write(); !errors.Is(err, errDiskFull) || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %q, want it to say %q", err, want)
			}
		}
		for _, c := range db.BackedUp() {
			if _, err := engine.Purge(t.Context(), c, store.Filter{}, 100); err != nil {
				t.Fatal(err)
			}
		}
		const unmarked = "cannot mark the store as being filled: "
		err := failing(db.Restorations.Collection).Restore(t.Context(), noFill)
		if !errors.Is(err, errDiskFull) || !strings.HasPrefix(err.Error(), unmarked) {
			t.Errorf("an empty store can't be marked: %v", err)
		}
		if err := db.New(engine, nil, db.Options{}).Receive(t.Context(), func(context.Context) error { return errDiskFull }); err == nil {
			t.Fatal("the store is filled")
		}
		err = failing(db.Restorations.Collection).Restore(t.Context(), noFill)
		if !errors.Is(err, errDiskFull) || !strings.HasPrefix(err.Error(), unmarked) {
			t.Errorf("a half filled store can't be marked: %v", err)
		}
	})
}

// TestTooManyLinks checks that the links of the second ticket aren't counted if the first one has too many.
func TestTooManyLinks(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		scope, ids := linkable(t, engine, 2)
		for range 50 {
			link := &db.TicketLink{ID: store.NewID(), OneID: ids[0], OtherID: store.NewID()}
			if err := engine.Insert(t.Context(), db.TicketLinks.Collection, link); err != nil {
				t.Fatal(err)
			}
		}
		counting := &brokenWrites{Store: engine, to: db.TicketLinks.Collection}
		_, err := db.New(counting, nil, db.Options{}).LinkTickets(t.Context(), scope, ids[0], ids[1])
		if store.CodeOf(err) != store.BadInput || counting.counted != 2 {
			t.Errorf("the error is %v after links were counted %d times, want 2: whether these are linked, and those of the first", err, counting.counted)
		}
	})
}
