package db

import (
	"context"
	"fmt"
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// MailboxMark remembers how far a mailbox at a mail server has been read, and which server of ours reads it.
type MailboxMark struct {
	ID store.ID `db:"_id"`
	// UIDValidity says which numbering of its messages LastUID is from, the number of the last one that was read.
	UIDValidity int `db:"uid_validity"`
	LastUID     int `db:"last_uid"`
	// FirstUID is the number from which on all mail is read. Of the mail before it, which was there when the folder was read for the
	// first time, only what nobody had opened is, and BegunUID, which the reader itself may have marked as opened.
	FirstUID int `db:"first_uid"`
	BegunUID int `db:"begun_uid"`
	// Lease identifies the reader, LeasedUntil is when another one may take its place.
	Lease       store.ID  `db:"lease"`
	LeasedUntil time.Time `db:"leased_until"`
}

// MailboxMarks declares the marks. Nobody sees them.
var MailboxMarks = entity.Declare(entity.Declaration[MailboxMark]{Name: "mailbox_marks", Noun: "mark of a mailbox", Volatile: true})

// LeaseMailbox makes the holder the only reader of a mailbox for that time, or for longer if it is already, and returns how far the
// mailbox has been read. It is NOT_FOUND while somebody else reads it.
func (d *DB) LeaseMailbox(ctx context.Context, mailbox string, holder store.ID, lease time.Duration) (*MailboxMark, error) {
	now := d.now()
	mark := &MailboxMark{ID: store.DerivedID("mailbox", mailbox), Lease: holder, LeasedUntil: now}
	if err := d.store.Insert(ctx, MailboxMarks.Collection, mark); err != nil && store.CodeOf(err) != store.Conflict {
		return nil, fmt.Errorf("cannot create the mark of a mailbox: %w", err)
	}
	// A lease that ends too late was given by a clock that was ahead, and would keep everybody waiting until that time.
	free := store.Or(store.Eq("lease", holder), store.Compare(store.OpLte, "leased_until", now),
		store.Compare(store.OpGt, "leased_until", now.Add(10*lease)))
	err := d.store.Claim(ctx, MailboxMarks.Collection,
		store.Query{Where: store.And(store.Eq("_id", mark.ID), free), Sort: []store.Sort{{Field: "_id"}}},
		[]store.Assignment{{Field: "lease", Value: holder}, {Field: "leased_until", Value: now.Add(lease)}}, mark)
	if err != nil {
		return nil, err
	}
	return mark, nil
}

// MarkMailbox remembers how far a mailbox has been read. It is NOT_FOUND if somebody else reads it now.
func (d *DB) MarkMailbox(ctx context.Context, mark *MailboxMark) error {
	return d.assignMark(ctx, mark, []store.Assignment{
		{Field: "uid_validity", Value: mark.UIDValidity}, {Field: "last_uid", Value: mark.LastUID},
		{Field: "first_uid", Value: mark.FirstUID}, {Field: "begun_uid", Value: mark.BegunUID},
	})
}

// ReleaseMailbox lets others read a mailbox.
func (d *DB) ReleaseMailbox(ctx context.Context, mark *MailboxMark) error {
	return d.assignMark(ctx, mark, []store.Assignment{{Field: "leased_until", Value: d.now()}})
}

func (d *DB) assignMark(ctx context.Context, mark *MailboxMark, set []store.Assignment) error {
	if err := d.store.Update(ctx, MailboxMarks.Collection, mark.ID, store.Eq("lease", mark.Lease), set); err != nil {
		return fmt.Errorf("cannot mark a mailbox: %w", err)
	}
	return nil
}
