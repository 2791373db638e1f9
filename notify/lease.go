package notify

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"crm/db"
	"crm/db/eventlog"
	"crm/db/store"
	"crm/notify/mail"
)

// errLeaseLost ends an attempt whose result could no longer be written.
var errLeaseLost = errors.New("the lease of the delivery was lost")

// renewals is how often a lease is renewed in the time for which it lasts, so that some renewals may fail.
const renewals = 5

// send hands a claimed delivery to the mailer, with what was looked up about its recipient. It renews the lease for as long as that
// takes, so that nobody else sends the message, however slow the mail server is.
func (d *dispatcher) send(ctx context.Context, delivery *db.Delivery, to recipient) error {
	var renewing sync.WaitGroup
	defer renewing.Wait()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	renewing.Go(func() { d.renewLease(ctx, cancel, delivery) })
	message, err := eventlog.Guard(func() (*mail.Message, error) { return d.prepare(ctx, delivery, to) })
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errLeaseLost) {
			return cause
		}
		return unprepared(err)
	}
	_, err = eventlog.Guard(func() (any, error) { return nil, d.mailer.Send(ctx, message) })
	return err
}

// prepare returns the message that a claimed delivery brings.
func (d *dispatcher) prepare(ctx context.Context, delivery *db.Delivery, to recipient) (*mail.Message, error) {
	message := d.mailOf(delivery, to)
	told, err := d.db.MailedConversation(ctx, delivery, quotedTexts)
	if err != nil {
		return nil, err
	}
	message.FromName = d.fromName(told.Author)
	message.To, message.ToName, message.Cc = told.To.Email, told.To.Name, told.Cc
	withQuotation(message, d.quotation(told.Earlier, to.zone))
	files, err := d.db.MailedFiles(ctx, delivery)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		message.Files = append(message.Files, mail.File(file))
	}
	return message, nil
}

// renewLease renews a delivery's lease until ctx is done, and cancels it when the lease is lost.
func (d *dispatcher) renewLease(ctx context.Context, cancel context.CancelCauseFunc, delivery *db.Delivery) {
	for rest(ctx, d.settings.lease/renewals, nil) {
		_, err := eventlog.Guard(func() (any, error) { return nil, d.db.RenewLease(ctx, delivery, d.settings.lease) })
		switch {
		case store.CodeOf(err) == store.NotFound:
			cancel(errLeaseLost)
			return
		case err != nil && ctx.Err() == nil:
			d.log.Warn("cannot renew the lease of a delivery", slog.Any("error", err), eventlog.StackOf(err))
		}
	}
}
