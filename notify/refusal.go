package notify

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"crm/db"
	"crm/notify/mail"
)

// refusal tells the operator that the mail server accepts nothing from the sender: once, however many messages wait for
// that reason. Admins see it as mailHealth.
type refusal struct{ told atomic.Bool }

// hold records in a delivery since when it waits for the operator, if the result of an attempt says so.
func (r *refusal) hold(log *slog.Logger, delivery *db.Delivery, sent error) bool {
	var sender *mail.SenderError
	if !errors.As(sent, &sender) {
		delivery.HeldAt = nil
		return false
	}
	if delivery.HeldAt == nil {
		now := time.Now()
		delivery.HeldAt = &now
	}
	if r.told.CompareAndSwap(false, true) {
		log.Error("the mail server refuses mail from this sender; mail waits until that is mended",
			slog.String("error", mail.Line(sender.Error(), errorLimit)))
	}
	return true
}

// end records that a delivery was sent. If it had to wait for the operator, the cause is mended.
func (r *refusal) end(log *slog.Logger, delivery *db.Delivery) {
	if delivery.HeldAt != nil && r.told.CompareAndSwap(true, false) {
		log.Info("the mail server accepts mail from this sender again")
	}
	delivery.HeldAt = nil
}
