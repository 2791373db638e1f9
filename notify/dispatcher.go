package notify

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/eventlog"
	"crm/db/store"
	"crm/notify/mail"
)

// dispatcher claims deliveries that are due and sends each in a worker.
type dispatcher struct {
	db     *db.DB
	log    *slog.Logger
	mailer mail.Mailer
	// composer merges messages that supersede each other.
	composer *composer
	// erase is raised when the outcome of a message to a deleted account is known.
	erase    eventlog.Signal
	refusal  refusal
	settings settings
	// claimed are the deliveries that workers of this process are at.
	claimed inHand
}

// run dispatches until ctx is done, and returns when the workers have ended; they send under the context sending.
func (d *dispatcher) run(ctx, sending context.Context) {
	if err := d.db.RetryHeld(ctx); err != nil && ctx.Err() == nil {
		d.log.Error("cannot retry mail that the mail server refused", slog.Any("error", err))
	}
	var workers sync.WaitGroup
	defer workers.Wait()
	free := make(chan struct{}, d.settings.workers)
	pause := d.settings.poll
	for {
		select {
		case <-ctx.Done():
			return
		case free <- struct{}{}:
		}
		// Not ctx: an interrupted claim may have succeeded unnoticed.
		delivery, err := eventlog.Guard(func() (*db.Delivery, error) {
			return d.db.ClaimDelivery(sending, d.settings.lease, d.claimed.list()...)
		})
		if err == nil {
			pause = d.settings.poll
			d.claimed.add(delivery.ID)
			workers.Go(func() {
				defer func() {
					d.claimed.remove(delivery.ID)
					<-free
					d.db.WakeDue() // it may have become due meanwhile, and been left out
				}()
				d.deliver(ctx, sending, delivery)
			})
			continue
		}
		<-free
		if store.CodeOf(err) == store.NotFound {
			pause = d.settings.poll
		} else if ctx.Err() == nil {
			pause = longer(pause, d.settings.poll, d.settings.longest)
			d.log.Error("cannot claim deliveries", slog.Any("error", err), slog.Duration("retryIn", pause), eventlog.StackOf(err))
		}
		if !rest(ctx, pause, d.db.Due()) {
			return
		}
	}
}

// deliver tries a claimed delivery once and writes the result. Once ctx is done, it only releases the delivery.
func (d *dispatcher) deliver(ctx, sending context.Context, delivery *db.Delivery) {
	if ctx.Err() != nil {
		d.write(ctx, delivery, d.release(delivery))
		return
	}
	sending, end := d.trace(sending, delivery)
	to, err := eventlog.Guard(func() (recipient, error) { return d.recipient(sending, delivery) })
	var decided decision
	if err == nil && to.cancel == "" {
		decided, err = eventlog.Guard(func() (decision, error) { return d.decide(sending, delivery) })
	}
	var result outcome
	switch {
	case to.cancel != "":
		d.log.Info("mail cancelled", "delivery", delivery.ID.String(), "reason", to.cancel)
		result = outcome{ResultCancelled, func(ctx context.Context) error {
			if to.erased {
				return d.db.CancelErased(ctx, delivery)
			}
			return d.db.CancelDelivery(ctx, delivery, to.cancel)
		}}
	case decided.instead != nil:
		result = *decided.instead
	default:
		if err == nil {
			err = d.send(sending, delivery, to)
		} else {
			err = unprepared(err)
		}
		result = d.outcome(sending, delivery, err)
	}
	d.write(ctx, delivery, result)
	end(result.result)
	if decided.instead != nil {
		return
	}
	d.hasten(ctx, delivery)
	if to.deleted {
		d.erase.Raise()
	}
}

// trace tells the tracer that an attempt begins if the delivery's event is traced, and returns the context of the attempt.
func (d *dispatcher) trace(ctx context.Context, delivery *db.Delivery) (attempt context.Context, end func(result string)) {
	untraced := func(string) {}
	if d.settings.tracer == nil {
		return ctx, untraced
	}
	parent, err := eventlog.Guard(func() (string, error) { return d.db.EventTrace(ctx, delivery.EventID) })
	if err != nil || parent == "" { // sending the message matters more than its trace
		return ctx, untraced
	}
	return d.settings.tracer.Deliver(ctx, parent, delivery.Channel, delivery.EventType)
}

// recipient is the state of a delivery's recipient before an attempt.
type recipient struct {
	// cancel is the reason for not sending the message; empty if it is to be sent.
	cancel string
	// deleted says that only the account's tombstone is left, erased that nothing is.
	deleted, erased bool
	// replyTo gets the replies; it has no address if the sender gets them.
	replyTo db.Recipient
	// inbox is the address for replies to the program, empty if a person gets them.
	inbox string
	// answers is the id of the mail from the recipient that the message answers, empty if there is none.
	answers string
	// zone is the recipient's time zone.
	zone *time.Location
	// token is that of the account link that the message brings; empty if it brings none.
	token string
}

// recipient looks up the delivery's recipient and updates the delivery's address.
func (d *dispatcher) recipient(ctx context.Context, delivery *db.Delivery) (recipient, error) {
	if delivery.Account == "" {
		return d.withoutAccount(ctx, delivery)
	}
	accounts := []auth.AudienceKey{delivery.Account}
	if delivery.ReplyTo != "" {
		accounts = append(accounts, delivery.ReplyTo)
	}
	found, err := d.db.Recipients(ctx, accounts)
	if err != nil {
		return recipient{}, err
	}
	to, ok := found[delivery.Account]
	switch {
	case !ok:
		return recipient{cancel: db.ReasonDeleted, erased: true}, nil
	case to.Deleted && !delivery.TellsOfDeletion():
		return recipient{cancel: db.ReasonDeleted, deleted: true}, nil
	case to.Deactivated:
		return recipient{cancel: "the recipient's account is deactivated"}, nil
	}
	hidden, err := d.isHidden(ctx, delivery)
	if err != nil {
		return recipient{}, err
	}
	if hidden {
		return recipient{cancel: "it is about an interaction that is internal now"}, nil
	}
	if delivery.IsCopy() {
		if db.SameAddress(to.Email, delivery.Recipient) {
			return recipient{cancel: reasonOwnCopy}, nil
		}
		to.Name, to.Email = "", delivery.Recipient
	}
	token, err := d.tokenFor(ctx, delivery, &to)
	if err != nil {
		return recipient{}, err
	}
	if token == "" && db.BringsLink(delivery.EventType) {
		return recipient{cancel: reasonUseless, deleted: to.Deleted}, nil
	}
	switch problem := setRecipient(delivery, to); {
	case errors.Is(problem, errNoAddress):
		return recipient{cancel: problem.Error(), deleted: to.Deleted}, nil
	case problem != nil:
		return recipient{}, &mail.PermanentError{Err: problem}
	}
	result := recipient{
		deleted: to.Deleted, replyTo: replyable(found[delivery.ReplyTo]), zone: d.composer.config.zoneOf(to), token: token,
	}
	if err := d.converse(ctx, delivery, &result); err != nil {
		return recipient{}, err
	}
	return result, nil
}

// reasonOwnCopy is why a copy is cancelled whose address is the customer's by now.
const reasonOwnCopy = "the customer gets the message at this address"

// reasonUseless is why a message is cancelled whose link can't be used any more.
const reasonUseless = "its link has expired, was used or was replaced by another"

// withoutAccount is recipient for a delivery to an address that has no account: to sign up, or written by an earlier version.
func (d *dispatcher) withoutAccount(ctx context.Context, delivery *db.Delivery) (recipient, error) {
	if !db.BringsLink(delivery.EventType) {
		return recipient{}, nil
	}
	token, err := d.tokenFor(ctx, delivery, new(db.Recipient))
	if err == nil && token == "" {
		return recipient{cancel: reasonUseless}, nil
	}
	return recipient{token: token}, err
}

// tokenFor returns the token of the account link that a delivery brings, and changes the recipient's address to the link's. It is
// empty if there is no link that can be used.
func (d *dispatcher) tokenFor(ctx context.Context, delivery *db.Delivery, to *db.Recipient) (token string, err error) {
	if !db.BringsLink(delivery.EventType) {
		return "", nil
	}
	links, err := d.db.UsableLinks(ctx, []store.ID{delivery.EntityID})
	link := links[delivery.EntityID]
	if err != nil || link == nil {
		return "", err
	}
	to.Email = link.Email
	token, _ = d.db.LinkToken(link)
	return token, nil
}

// replyable returns an account if it can be written to.
func replyable(account db.Recipient) db.Recipient {
	if account.Deactivated || account.Deleted {
		return db.Recipient{}
	}
	return account
}
