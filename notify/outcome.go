package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"crm/db"
	"crm/db/eventlog"
	"crm/db/store"
	"crm/notify/mail"
)

// outcome is what becomes of a claimed delivery.
type outcome struct {
	// result is what the observer is told; empty if nothing.
	result string
	// settle writes it.
	settle func(context.Context) error
}

// release returns the outcome of a claim without an attempt.
func (d *dispatcher) release(delivery *db.Delivery) outcome {
	return outcome{settle: func(ctx context.Context) error { return d.db.Release(ctx, delivery) }}
}

// preparationError says that a message couldn't be prepared because of the store or the files: no mail server was asked, which is no attempt.
// After giveUpAfter it counts as one, so that the message fails in the end: the later ones to its recipient wait for it.
type preparationError struct{ err error }

// Error implements error.
func (e *preparationError) Error() string { return "cannot prepare the message: " + e.err.Error() }

// Unwrap returns what went wrong.
func (e *preparationError) Unwrap() error { return e.err }

// unprepared returns the error for a message that couldn't be prepared. A panic counts as an attempt, since it may come from the message,
// which would make the later ones to its recipient wait forever; so does an address to which nothing can be sent.
func unprepared(err error) error {
	var panicked *store.PanicError
	var permanent *mail.PermanentError
	if err == nil || errors.As(err, &panicked) || errors.As(err, &permanent) {
		return err
	}
	return &preparationError{err}
}

// outcome returns the outcome of an attempt, or of what failed before it.
func (d *dispatcher) outcome(sending context.Context, delivery *db.Delivery, sent error) outcome {
	log := d.log.With("delivery", delivery.ID.String(), "attempt", delivery.Attempts+1)
	switch {
	case sent == nil:
		log.Info("mail sent")
		d.refusal.end(log, delivery)
		return outcome{ResultSent, func(ctx context.Context) error { return d.settleSent(ctx, delivery) }}
	case errors.Is(sent, mail.ErrKept):
		log.Info("mail kept")
		return outcome{ResultKept, func(ctx context.Context) error { return d.db.SettleKept(ctx, delivery) }}
	case sending.Err() != nil:
		log.Warn("sending interrupted by shutdown", "error", sent)
		return d.release(delivery)
	case errors.Is(sent, errLeaseLost):
		log.Warn("sending interrupted", "error", sent)
		return outcome{settle: func(context.Context) error { return nil }} // the delivery is no longer this worker's
	}
	log = log.With(slog.String("error", mail.Line(sent.Error(), errorLimit)), eventlog.StackOf(sent))
	var preparation *preparationError
	if errors.As(sent, &preparation) && time.Since(delivery.CreatedAt) < giveUpAfter {
		pause := jitter(d.settings.longest)
		log.Error("mail can't be prepared now", "retryIn", pause)
		return outcome{ResultRetry, func(ctx context.Context) error {
			return d.db.PostponeDelivery(ctx, delivery, time.Now().Add(pause))
		}}
	}
	reason := reasonOf(sent)
	held := d.refusal.hold(d.log, delivery, sent)
	var permanent *mail.PermanentError
	if errors.As(sent, &permanent) || delivery.Attempts >= len(d.settings.pauses) {
		log.Error("mail failed")
		return outcome{ResultFailed, func(ctx context.Context) error { return d.db.SettleFailed(ctx, delivery, reason) }}
	}
	pause := jitter(d.settings.pauses[delivery.Attempts])
	level := slog.LevelWarn
	if held { // the operator has been told
		level = slog.LevelInfo
	}
	log.Log(sending, level, "mail not sent yet", "retryIn", pause)
	return outcome{ResultRetry, func(ctx context.Context) error { return d.db.SettleRetry(ctx, delivery, reason, pause) }}
}

// settleSent writes that a message was sent. That its recipient's address doesn't bounce any more can wait for the next one.
func (d *dispatcher) settleSent(ctx context.Context, delivery *db.Delivery) error {
	if err := d.db.SettleSent(ctx, delivery); err != nil {
		return err
	}
	if err := d.db.ClearBouncing(ctx, delivery); err != nil {
		d.log.Warn("it isn't remembered that an address works again", slog.String("delivery", delivery.ID.String()), slog.Any("error", err))
	}
	return nil
}

// reasonOf returns the reason that staff see: what the mail package says, and nothing of what went wrong in the server.
func reasonOf(err error) string {
	var panicked *store.PanicError
	var preparation *preparationError
	if errors.As(err, &panicked) || errors.As(err, &preparation) {
		return "the server failed unexpectedly; its log has the details"
	}
	return mail.Line(err.Error(), errorLimit)
}

// write writes the result of an attempt. It retries for a while, even after ctx is done, because a delivery without a
// result is sent again when its lease ends.
func (d *dispatcher) write(ctx context.Context, delivery *db.Delivery, o outcome) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.settings.settleTime)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		_, err := eventlog.Guard(func() (any, error) { return nil, o.settle(ctx) })
		if err == nil {
			if o.result != "" && d.settings.observer != nil {
				d.settings.observer.Delivered(delivery.Channel, o.result)
			}
			return
		}
		if store.CodeOf(err) == store.NotFound || !rest(ctx, pause, nil) {
			d.log.Error("cannot write the result of an attempt", slog.String("delivery", delivery.ID.String()), slog.Any("error", err), eventlog.StackOf(err))
			return
		}
	}
}
