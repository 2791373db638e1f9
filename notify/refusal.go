package notify

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// refusal tells the operator that the mail server accepts nothing from the sender: once, however many messages wait for
// that reason. Admins see it as mailHealth.
type refusal struct {
	mutex sync.Mutex
	// told says that the operator knows, waiting are the messages that have had to wait since.
	told    bool
	waiting map[store.ID]struct{}
}

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
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if !r.told {
		r.told, r.waiting = true, map[store.ID]struct{}{}
		log.Error("the mail server refuses mail from this sender; mail waits until that is mended",
			slog.String("error", mail.Line(sender.Error(), errorLimit)))
	}
	r.waiting[delivery.ID] = struct{}{}
	return true
}

// end records that a delivery was sent. If it had to wait for the operator, the cause is mended, even if somebody has had it sent again,
// so that it isn't held any more.
func (r *refusal) end(log *slog.Logger, delivery *db.Delivery) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if _, waited := r.waiting[delivery.ID]; r.told && (waited || delivery.HeldAt != nil) {
		r.told, r.waiting = false, nil
		log.Info("the mail server accepts mail from this sender again")
	}
	delivery.HeldAt = nil
}
