package db_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/files"
)

// overtaken is a store in which something else happens after some changes of a collection's documents, before the next one.
type overtaken struct {
	store.Store
	of     *store.Collection
	after  int
	before func()
}

func (s *overtaken) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	if c == s.of {
		s.after--
		if s.after == -1 {
			s.before()
		}
	}
	return s.Store.Update(ctx, c, id, where, set, events...)
}

// storedFile stores a file of an account.
func storedFile(t *testing.T, d *db.DB, scope auth.Scope, content string) store.ID {
	t.Helper()
	id, err := d.StoreUpload(t.Context(), scope, db.NewUpload{FileName: "a.txt", Size: len(content)}, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestReplyTwiceAtOnce sends a reply with a file twice at the same time: the one that succeeds keeps the file.
func TestReplyTwiceAtOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		options := db.Options{Files: files.NewFolder(t.TempDir())}
		d := db.New(engine, nil, options)
		scope := auth.Scope{Role: auth.Customer, Account: customer(t, engine).ID}
		ticket, err := d.CreateTicket(t.Context(), scope, db.NewTicket{Description: "x", Priority: db.PriorityLow})
		if err != nil {
			t.Fatal(err)
		}
		first, file := storedFile(t, d, scope, "first"), storedFile(t, d, scope, "content")
		reply := func(d *db.DB, attached ...store.ID) error {
			_, _, err := d.ReplyToTicket(t.Context(), scope, ticket.ID, db.NewReply{BodyText: "see there", Attachments: attached})
			return err
		}
		var won error
		slow := db.New(&overtaken{engine, db.Uploads.Collection, 0, func() { won = reply(d, file) }}, nil, options)
		lost := reply(slow, first, file)
		if won != nil || store.CodeOf(lost) != store.BadInput {
			t.Fatalf("the replies end with %v and %v", won, lost)
		}
		attached, err := engine.Count(t.Context(), db.Attachments.Collection, store.Eq("_id", file))
		if err != nil || attached != 1 {
			t.Errorf("the reply has %d files, %v", attached, err)
		}
		if err := reply(d, file); store.CodeOf(err) != store.BadInput {
			t.Errorf("the file is used again: %v", err)
		}
		if err := planAndSweep(t.Context(), engine, d, 0); err != nil {
			t.Fatal(err)
		}
		if err := reply(d, first); err != nil {
			t.Errorf("the file of the reply that failed can't be used: %v", err)
		}
	})
}

func samePasswords(p db.Passwords) db.Passwords { return p }

// stalling is a content that takes until its time is over.
type stalling struct{ wait func() }

func (s stalling) Read([]byte) (int, error) {
	s.wait()
	return 0, errors.New("the connection has timed out")
}

// TestReceiverThatTimedOut lets somebody who took too long to send a content fail while another one sends it: the content stays
// the other's.
func TestReceiverThatTimedOut(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		early := db.New(engine, nil, db.Options{Files: files.NewFolder(t.TempDir())})
		late := early.ForDemo(func() time.Time { return time.Now().UTC().Add(17 * time.Minute).Truncate(time.Millisecond) }, samePasswords)
		scope := auth.Scope{Role: auth.Customer, Account: customer(t, engine).ID}
		upload, err := early.CreateUpload(t.Context(), scope, db.NewUpload{FileName: "a.txt", Size: 5})
		if err != nil {
			t.Fatal(err)
		}
		begun, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error)
		next := func() {
			content := io.MultiReader(readerFunc(func() { close(begun); <-goOn }), bytes.NewReader([]byte("hello")))
			ended <- late.ReceiveUpload(t.Context(), upload.ID, content)
		}
		err = early.ReceiveUpload(t.Context(), upload.ID, stalling{func() { go next(); <-begun }})
		if err == nil {
			t.Error("a content that never came is received")
		}
		if err := late.ReceiveUpload(t.Context(), upload.ID, strings.NewReader("hello")); store.CodeOf(err) != store.Conflict {
			t.Errorf("a third one may send the content, too: %v", err)
		}
		close(goOn)
		if err := <-ended; err != nil {
			t.Errorf("the other one can't complete it: %v", err)
		}
	})
}

// readerFunc is an empty content that does something when it is read.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

// TestFileOfDeletedMessage deletes a message soon after it was written: its file stays for the backup that may have it.
func TestFileOfDeletedMessage(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		kept := files.NewFolder(t.TempDir())
		d := db.New(engine, nil, db.Options{Files: kept})
		scope := auth.Scope{Role: auth.Customer, Account: customer(t, engine).ID}
		ticket, err := d.CreateTicket(t.Context(), scope, db.NewTicket{Description: "x", Priority: db.PriorityLow})
		if err != nil {
			t.Fatal(err)
		}
		unused, attached := storedFile(t, d, scope, "unused"), storedFile(t, d, scope, "content")
		message, _, err := d.ReplyToTicket(t.Context(), scope, ticket.ID, db.NewReply{BodyText: "x", Attachments: []store.ID{attached}})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.DeleteTicketMessage(t.Context(), scope, message.ID, nil); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			later time.Duration
			want  int
		}{{11 * time.Minute, 2}, {55 * time.Minute, 2}, {85 * time.Minute, 1}, {25 * time.Hour, 1}, {26 * time.Hour, 0}} {
			if err := planAndSweep(t.Context(), engine, d, test.later); err != nil {
				t.Fatal(err)
			}
			got := 0
			for _, id := range []store.ID{unused, attached} {
				if content, err := kept.Open(t.Context(), id.String()); err == nil {
					_ = content.Close()
					got++
				}
			}
			if got != test.want {
				t.Errorf("after %v, %d files are there, want %d", test.later, got, test.want)
			}
		}
	})
}
