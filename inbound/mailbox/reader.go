package mailbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/emersion/go-imap/v2"

	"crm/auth/mailtoken"
	"crm/db"
	"crm/db/eventlog"
	"crm/db/store"
)

// Marks remembers how far a mailbox has been read, and who reads it.
type Marks interface {
	// LeaseMailbox makes the holder the only reader of a mailbox for that time; it is NOT_FOUND while somebody else is.
	LeaseMailbox(ctx context.Context, mailbox string, holder store.ID, lease time.Duration) (*db.MailboxMark, error)
	// MarkMailbox remembers how far a mailbox has been read.
	MarkMailbox(ctx context.Context, mark *db.MailboxMark) error
	// ReleaseMailbox lets others read a mailbox.
	ReleaseMailbox(ctx context.Context, mark *db.MailboxMark) error
}

// lease is for how long a reader that has stopped without a word keeps the others waiting. One that takes longer to receive a mail is
// replaced, which does no harm.
const lease = time.Minute

// Reader reads a mailbox.
type Reader struct {
	config  Config
	marks   Marks
	receive func(ctx context.Context, raw []byte) error
	log     *slog.Logger
	tokens  *mailtoken.Source
	// holder identifies this reader.
	holder store.ID
	// poll is how often mail is looked for.
	poll, longest time.Duration
	// failed counts how often the mail with a number couldn't be received, validity is the folder's UIDVALIDITY, for which that holds.
	failed   map[imap.UID]int
	validity uint32
}

// Option changes how a Reader works.
type Option func(*Reader)

// Poll sets how often mail is looked for; the default is every minute. With IDLE, mail is read as soon as it comes.
func Poll(poll time.Duration) Option {
	return func(r *Reader) { r.poll, r.longest = poll, 5*poll }
}

// Only says that no other reader uses the same marks: this one takes the place of one that was killed without waiting.
func Only() Option {
	return func(r *Reader) { r.holder = store.DerivedID("only reader of a mailbox", r.name()) }
}

// New returns a Reader that gives each mail to receive until that returns no error.
func New(config Config, marks Marks, receive func(ctx context.Context, raw []byte) error, log *slog.Logger, options ...Option) *Reader {
	r := &Reader{
		config: config, marks: marks, receive: receive, log: log, tokens: mailtoken.NewSource("IMAP", config.OAuth), holder: store.NewID(),
		failed: map[imap.UID]int{},
	}
	Poll(time.Minute)(r)
	for _, option := range options {
		option(r)
	}
	return r
}

// name identifies the mailbox.
func (r *Reader) name() string {
	return r.config.address() + "\n" + r.config.User + "\n" + r.config.Folder
}

// Run reads the mailbox until ctx is done. Any number of servers may run one for the same mailbox: one of them reads it.
func (r *Reader) Run(ctx context.Context) {
	for pause := r.poll; ctx.Err() == nil; rest(ctx, pause) {
		begun := time.Now()
		mark, err := r.marks.LeaseMailbox(ctx, r.name(), r.holder, lease)
		if err == nil {
			err = r.session(ctx, mark)
			r.release(ctx, mark)
		} else if store.CodeOf(err) == store.NotFound { // another server reads it
			pause = min(r.poll, lease/3)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		long := time.Since(begun) > r.longest // it could be read for a while
		if long && errors.Is(err, errExpired) {
			r.log.Info("the mailbox is opened again with another access token", slog.Any("reason", err))
			pause = 0
			continue
		}
		if pause = min(max(2*pause, r.poll), r.longest); long {
			pause = r.poll
		}
		r.log.Error("the mailbox can't be read", slog.Any("error", err), slog.Duration("retryIn", pause), eventlog.StackOf(err))
	}
}

// countIn forgets the failures if the server has numbered its mail anew since they were counted, even if another reader has noticed.
func (r *Reader) countIn(validity uint32) {
	if r.validity != validity {
		r.validity = validity
		clear(r.failed)
	}
}

// release lets another reader begin at once.
func (r *Reader) release(ctx context.Context, mark *db.MailboxMark) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.poll)
	defer cancel()
	if err := r.marks.ReleaseMailbox(ctx, mark); err != nil && store.CodeOf(err) != store.NotFound {
		r.log.Warn("the mailbox isn't released", slog.Any("error", err))
	}
}

func rest(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
