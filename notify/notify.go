// Package notify sends notifications about changes: a mover moves their events into the log, a planner creates
// deliveries for the events, a dispatcher sends them, and a cleaner removes old data. They keep all state in the store,
// so a crash at any point loses nothing.
package notify

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"crm/db"
	"crm/db/eventlog"
	"crm/db/store"
	"crm/notify/mail"
)

// Service sends notifications about changes. Any number of processes may run one on the same store.
type Service struct {
	db         *db.DB
	log        *slog.Logger
	mover      *eventlog.Mover
	planner    *planner
	dispatcher *dispatcher
	cleaner    *eventlog.Follower
	settings   settings
}

// Option changes how a Service works.
type Option func(*settings)

type settings struct {
	config     Config
	grace      time.Duration
	poll       time.Duration   // how often each part looks for work; this process's own writes wake it at once
	longest    time.Duration   // between two attempts while the store fails, or to plan one event
	pauses     []time.Duration // between the attempts to send a delivery
	lease      time.Duration   // of a claimed delivery; renewed while it is sent
	settleTime time.Duration   // for writing the result of an attempt
	sweep      time.Duration   // between two times at which old data is removed
	erase      time.Duration   // the same, while a deleted account is still to be erased
	workers    int
	observer   Observer // nil for none
	tracer     Tracer   // nil for none
}

// Observer is told about deliveries, for metrics.
type Observer interface {
	// Delivered is called when the result of handling a delivery has been written: one of the constants below.
	Delivered(channel, result string)
}

// Tracer is told about attempts to deliver messages, for traces.
type Tracer interface {
	// Deliver is called when an attempt begins, for a message about an event with a traceparent. What the attempt does has the context
	// that it returns; end is called with its result, which is empty if there is none.
	Deliver(ctx context.Context, traceparent, channel, eventType string) (attempt context.Context, end func(result string))
}

// The results of handling a delivery: its status from then on, or that it is tried again later.
const (
	ResultSent       = string(db.DeliverySent)
	ResultFailed     = string(db.DeliveryFailed)
	ResultKept       = string(db.DeliveryKept)
	ResultCancelled  = string(db.DeliveryCancelled)
	ResultSuperseded = string(db.DeliverySuperseded)
	ResultRetry      = "retry"
)

// Configure sets what the operator decides about messages.
func Configure(config Config) Option { return func(s *settings) { s.config = config } }

// Grace sets how long sending may take to finish when the Service is stopped; the default is 10 seconds.
func Grace(grace time.Duration) Option { return func(s *settings) { s.grace = grace } }

// Observe tells an observer about deliveries.
func Observe(observer Observer) Option { return func(s *settings) { s.observer = observer } }

// Trace tells a tracer about attempts to deliver messages.
func Trace(tracer Tracer) Option { return func(s *settings) { s.tracer = tracer } }

// giveUpAfter is for how long sending a message is tried (RFC 5321, 4.5.4.1).
const giveUpAfter = 5 * 24 * time.Hour

// retryPauses returns the pauses between the attempts to send a message.
func retryPauses() []time.Duration {
	pauses := []time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
	}
	var total time.Duration
	for _, pause := range pauses {
		total += pause
	}
	for longest := pauses[len(pauses)-1]; total < giveUpAfter; total += longest {
		pauses = append(pauses, longest)
	}
	return pauses
}

// errCutOff is returned if a Service had to stop before it had finished sending.
var errCutOff = errors.New("cannot finish sending mail in time")

// New returns a Service that sends through mailer; see Run.
func New(d *db.DB, mailer mail.Mailer, log *slog.Logger, options ...Option) *Service {
	s := settings{
		grace: 10 * time.Second, poll: 2 * time.Second, longest: 30 * time.Second,
		pauses: retryPauses(),
		lease:  15 * time.Minute, settleTime: 10 * time.Second, sweep: time.Hour, erase: time.Minute, workers: 4,
	}
	for _, option := range options {
		option(&s)
	}
	moved, erase := eventlog.NewSignal(), eventlog.NewSignal()
	composer := newComposer(d, log, table(), s.config)
	_, composer.keeps = mailer.(mail.Development)
	return &Service{
		db: d, log: log, settings: s,
		mover: d.Mover(log, moved.Raise),
		planner: &planner{
			db: d, log: log, composer: composer,
			moved: moved, erase: erase, settings: s, stuck: map[store.ID]stuck{}, blocked: map[store.ID]bool{},
		},
		dispatcher: &dispatcher{db: d, log: log, mailer: mailer, composer: composer, erase: erase, settings: s},
		cleaner:    newCleaner(d, log, erase, s),
	}
}

// Run works until ctx is done, and returns when sending has finished. It returns an error if that takes longer than the
// grace time; the next Service then sends the mail concerned again.
func (s *Service) Run(ctx context.Context) error {
	sending, cut := outlive(ctx, s.settings.grace)
	defer cut()
	var running sync.WaitGroup
	running.Go(func() { s.mover.Run(ctx) })
	running.Go(func() { s.planner.run(ctx) })
	running.Go(func() { s.dispatcher.run(ctx, sending) })
	running.Go(func() { s.cleaner.Run(ctx) })
	running.Wait()
	if sending.Err() != nil {
		return errCutOff
	}
	return nil
}

// outlive returns a context that is done one grace time after ctx.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, cancel
}

// rest waits until pause has passed or wake receives a value. It is false when ctx is done.
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

// jitter returns a pause that is up to a tenth longer, so that deliveries that failed together are tried again at
// different times.
func jitter(pause time.Duration) time.Duration { return pause + rand.N(pause/10+1) }

// longer returns the pause after another failure: twice the previous one, between least and most.
func longer(pause, least, most time.Duration) time.Duration { return min(max(2*pause, least), most) }
