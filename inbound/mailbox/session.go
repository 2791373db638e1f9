package mailbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"crm/config"
	"crm/db"
	"crm/db/eventlog"
	"crm/db/store"
	"crm/inbound/message"
)

// session is a connection with the mail server, in which a folder is selected.
type session struct {
	reader *Reader
	client *imapclient.Client
	mark   *db.MailboxMark
	// byToken says that it is logged in with an access token.
	byToken bool
	// changed receives a value when the server says that the folder has changed.
	changed chan struct{}
	// renewed is when the lease was renewed.
	renewed time.Time
}

// session reads mail until ctx is done or the connection fails.
func (r *Reader) session(ctx context.Context, mark *db.MailboxMark) error {
	s := &session{reader: r, mark: mark, changed: make(chan struct{}, 1), renewed: time.Now()}
	conn, err := r.config.dial(ctx)
	if err != nil {
		return fmt.Errorf("cannot connect: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := s.open(conn); err != nil {
		return fmt.Errorf("cannot connect: %w", err)
	}
	defer func() { _ = s.client.Close() }()
	if err := s.logIn(ctx); err != nil {
		return err
	}
	selected, err := s.client.Select(r.config.Folder, nil).Wait()
	if err != nil {
		return fmt.Errorf("cannot open the folder: %w", err)
	}
	r.log.Info("the mailbox is read", slog.String("folder", r.config.Folder), slog.Int("mails", int(selected.NumMessages)))
	r.countIn(selected.UIDValidity)
	if mark.UIDValidity != int(selected.UIDValidity) { // it is read for the first time, or the server has numbered its mail anew
		mark.UIDValidity, mark.LastUID, mark.BegunUID, mark.FirstUID = int(selected.UIDValidity), 0, 0, int(selected.UIDNext)
		if err := r.marks.MarkMailbox(ctx, mark); err != nil {
			return err
		}
	}
	for {
		if err := s.readNew(ctx); err != nil {
			return s.ended(err)
		}
		if err := s.wait(ctx); err != nil {
			return s.ended(err)
		}
	}
}

// open makes a client of a connection, which it closes if it can't.
func (s *session) open(conn net.Conn) (err error) {
	server := s.reader.config
	options := &imapclient.Options{TLSConfig: server.tls(), UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			select {
			case s.changed <- struct{}{}:
			default:
			}
		},
	}}
	if server.mode() == config.RequireSTARTTLS {
		s.client, err = imapclient.NewStartTLS(conn, options)
		return err
	}
	s.client = imapclient.New(conn, options)
	return nil
}

// readNew reads the mail that hasn't been read, in order. Of the mail that was in the folder at first, that is what nobody has opened.
func (s *session) readNew(ctx context.Context) error {
	uids, err := s.find()
	if err != nil {
		return err
	}
	for _, uid := range uids {
		if err := s.renew(ctx); err != nil {
			return err
		}
		if s.mark.BegunUID = int(uid); s.mark.BegunUID < s.mark.FirstUID { // after an interruption, it may be opened
			if err := s.reader.marks.MarkMailbox(ctx, s.mark); err != nil {
				return err
			}
		}
		if err := s.read(ctx, uid); err != nil {
			return err
		}
		s.mark.LastUID = int(uid)
		if err := s.reader.marks.MarkMailbox(ctx, s.mark); err != nil {
			return err
		}
	}
	if s.mark.LastUID < s.mark.FirstUID-1 { // from now on, it doesn't matter who marks old mail as unread
		s.mark.LastUID = s.mark.FirstUID - 1
		return s.reader.marks.MarkMailbox(ctx, s.mark)
	}
	return nil
}

// find returns the numbers of the mails to read, in order.
func (s *session) find() ([]imap.UID, error) {
	next := s.mark.LastUID + 1
	var uids []imap.UID
	if next < s.mark.FirstUID {
		first := imap.UIDRange{Start: imap.UID(next), Stop: imap.UID(s.mark.FirstUID - 1)}
		found, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{{first}}, NotFlag: []imap.Flag{imap.FlagSeen}})
		if err != nil {
			return nil, err
		}
		if uids = found; s.mark.BegunUID >= next {
			uids = append(uids, imap.UID(s.mark.BegunUID))
		}
		next = s.mark.FirstUID
	}
	found, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: imap.UID(next)}}}}) // to the end
	if err != nil {
		return nil, err
	}
	for _, uid := range found {
		if int(uid) >= next { // the server also finds the last mail of a folder for a range that begins after it
			uids = append(uids, uid)
		}
	}
	slices.Sort(uids)
	return slices.Compact(uids), nil
}

func (s *session) search(criteria *imap.SearchCriteria) ([]imap.UID, error) {
	found, err := s.client.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("cannot look for mail: %w", err)
	}
	return found.AllUIDs(), nil
}

// renew extends the lease, in good time.
func (s *session) renew(ctx context.Context) error {
	r := s.reader
	if time.Since(s.renewed) < lease/3 {
		return nil
	}
	if _, err := r.marks.LeaseMailbox(ctx, r.name(), r.holder, lease); err != nil {
		return fmt.Errorf("the lease of the mailbox was lost: %w", err)
	}
	s.renewed = time.Now()
	return nil
}

// maxFailures is how often receiving a mail is tried while that fails, before it is left unread for a person. While the store or the
// files aren't available, which isn't the mail's fault, it is tried for as long as that takes.
const maxFailures = 20

// read receives a mail, then marks it as seen and moves it.
func (s *session) read(ctx context.Context, uid imap.UID) error {
	r := s.reader
	raw, found, err := s.fetch(uid)
	if err != nil {
		return err
	}
	if !found {
		delete(r.failed, uid)
		return nil
	}
	if err := r.receive(ctx, raw); err != nil {
		if ctx.Err() != nil || store.CodeOf(err) == store.Unavailable {
			return err
		}
		if r.failed[uid]++; r.failed[uid] < maxFailures {
			return err
		}
		delete(r.failed, uid)
		r.log.Error("a mail is left in the mailbox", slog.Int("uid", int(uid)), slog.Any("error", err), eventlog.StackOf(err))
		return nil
	}
	delete(r.failed, uid)
	set := imap.UIDSetNum(uid)
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}
	if err := s.client.Store(set, flags, nil).Close(); err != nil {
		return fmt.Errorf("cannot mark mail as seen: %w", err)
	}
	if r.config.DoneFolder == "" {
		return nil
	}
	if !s.client.Caps().Has(imap.CapMove) {
		return errors.New("the mail server can't move mail (RFC 6851); unset IMAP_DONE_FOLDER")
	}
	if _, err := s.client.Move(set, r.config.DoneFolder).Wait(); err != nil {
		return fmt.Errorf("cannot move mail: %w", err)
	}
	return nil
}

// envelopeFields are the fields of the header of a mail that is too large to be read.
var envelopeFields = []string{
	"From", "Sender", "To", "Cc", "Delivered-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Return-Path",
	"Authentication-Results", "Auto-Submitted", "Precedence", "List-Id",
}

// fetch returns a mail; it isn't found if it is gone. Of one that is too large, it returns the header and a text that says so.
func (s *session) fetch(uid imap.UID) (raw []byte, found bool, err error) {
	set := imap.UIDSetNum(uid)
	sized, err := s.client.Fetch(set, &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
	if err != nil {
		return nil, false, fmt.Errorf("cannot read the size of a mail: %w", err)
	}
	if len(sized) == 0 {
		return nil, false, nil
	}
	section := &imap.FetchItemBodySection{Peek: true}
	size := sized[0].RFC822Size
	if size > message.MaxBytes {
		section.Specifier, section.HeaderFields = imap.PartSpecifierHeader, envelopeFields
	}
	fetched, err := s.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		return nil, false, fmt.Errorf("cannot read a mail: %w", err)
	}
	if len(fetched) == 0 || len(fetched[0].BodySection) == 0 {
		return nil, false, nil
	}
	raw = fetched[0].BodySection[0].Bytes
	if size > message.MaxBytes {
		raw = fmt.Appendf(raw, "(This mail has %d bytes, which is more than can be received. It is still in the mailbox.)", size)
	}
	return raw, true, nil
}

// wait waits until the server says that mail has come, or it is time to look for some and to renew the lease.
func (s *session) wait(ctx context.Context) error {
	timer := time.NewTimer(min(s.reader.poll, lease/3))
	defer timer.Stop()
	wait := func() {
		select {
		case <-ctx.Done():
		case <-s.changed:
		case <-timer.C:
		}
	}
	if !s.client.Caps().Has(imap.CapIdle) {
		wait()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errors.Join(s.client.Noop().Wait(), s.renew(ctx))
	}
	idle, err := s.client.Idle()
	if err != nil {
		return fmt.Errorf("cannot wait for mail: %w", err)
	}
	wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
		return fmt.Errorf("the connection was lost while waiting for mail: %w", err)
	}
	return s.renew(ctx)
}
