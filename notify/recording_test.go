package notify

import (
	"context"
	"strings"
	"sync"

	"crm/notify/mail"
)

// recordingMailer accepts all mail and keeps it.
type recordingMailer struct {
	mutex sync.Mutex
	mails []mail.Message
}

func (m *recordingMailer) Send(_ context.Context, message *mail.Message) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.mails = append(m.mails, *message)
	return nil
}

// told returns what an address was told, in order: "New meeting, Changed meeting: title".
func (m *recordingMailer) told(address string) string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var told []string
	for _, message := range m.mails {
		if message.Recipient != address {
			continue
		}
		news, _, _ := strings.Cut(message.Subject, ":")
		if _, rest, ok := strings.Cut(message.Text, "The "); ok && news == "Changed meeting" {
			changes, _, _ := strings.Cut(rest, " of this")
			news += ": " + changes
		}
		told = append(told, news)
	}
	return strings.Join(told, ", ")
}
