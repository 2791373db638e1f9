// Package notify is what follows from a change: a relay turns events into deliveries, and a dispatcher mails them. Both
// work on what the store holds and nothing else, so a crash at any point loses nothing.
package notify

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// Service runs what follows from changes. Any number of processes may run one on the same store.
type Service struct {
	db         *db.DB
	log        *slog.Logger
	relay      *relay
	dispatcher *dispatcher
	settings   settings
}

// Option changes how a Service works.
type Option func(*settings)

type settings struct {
	sender     string
	grace      time.Duration
	look       time.Duration   // the relay looks for events that other processes wrote
	poll       time.Duration   // the dispatcher looks for deliveries that have become due
	longest    time.Duration   // between two tries while the store doesn't work
	pauses     []time.Duration // between the tries of a delivery
	lease      time.Duration   // longer than a mail.Mailer may take
	settleTime time.Duration   // for writing down how a try went
	sweep      time.Duration
	workers    int
}

// Sender says from which address mail is sent; its domain becomes that of the Message-IDs.
func Sender(address string) Option { return func(s *settings) { s.sender = address } }

// Grace says how long mail that is being sent may take to end when the Service is stopped; the default is 10 seconds.
func Grace(grace time.Duration) Option { return func(s *settings) { s.grace = grace } }

// errCutOff is returned when a Service had to stop before all mail that it was sending was sent.
var errCutOff = errors.New("cannot finish the mail that is being sent in time")

// New returns a Service that mails through mailer; see Run.
func New(d *db.DB, mailer mail.Mailer, log *slog.Logger, options ...Option) *Service {
	s := settings{
		grace: 10 * time.Second, look: 250 * time.Millisecond, poll: time.Second, longest: 30 * time.Second,
		pauses: []time.Duration{
			time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
		},
		lease: 2 * time.Minute, settleTime: 10 * time.Second, sweep: time.Hour, workers: 4,
	}
	for _, option := range options {
		option(&s)
	}
	planned := make(chan struct{}, 1)
	return &Service{
		db: d, log: log, settings: s,
		relay: &relay{
			db: d, log: log, composer: newComposer(d, announcements, mail.Domain(s.sender)),
			planned: planned, look: s.look, longest: s.longest, stuck: map[store.ID]stuck{},
		},
		dispatcher: &dispatcher{db: d, log: log, mailer: mailer, planned: planned, settings: s},
	}
}

// Run works until ctx is done, and returns when what was being sent has ended; it returns an error if that took longer
// than the grace time, in which case the mail concerned is sent again by the next Service.
func (s *Service) Run(ctx context.Context) error {
	sending, cut := outlive(ctx, s.settings.grace)
	defer cut()
	var running sync.WaitGroup
	running.Go(func() { s.relay.run(ctx) })
	running.Go(func() { s.dispatcher.run(ctx, sending) })
	running.Go(func() { s.sweep(ctx) })
	running.Wait()
	if sending.Err() != nil {
		return errCutOff
	}
	return nil
}

// outlive returns a context that is done later than ctx by the grace time.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, cancel
}

// sweep removes what nobody needs any more, at once and then every hour.
func (s *Service) sweep(ctx context.Context) {
	for {
		if err := s.db.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("cannot remove old data", "error", err)
		}
		if !rest(ctx, s.settings.sweep, nil) {
			return
		}
	}
}

// rest waits for pause to pass or wake to receive, whichever is first; it is false when ctx is done.
func rest(ctx context.Context, pause time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
	return ctx.Err() == nil
}

// jitter returns a pause that is up to a tenth longer, so that what failed together isn't tried again together.
func jitter(pause time.Duration) time.Duration { return pause + rand.N(pause/10+1) }

// longer returns the pause that follows a pause after which things still don't work: twice it, from least to most.
func longer(pause, least, most time.Duration) time.Duration { return min(max(2*pause, least), most) }
