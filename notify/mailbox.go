package notify

import (
	"bytes"
	"context"
	_ "embed" // for mailboxPage
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"crm/db"
	"crm/db/store"
)

// mailboxSize is the number of messages that Mailbox shows.
const mailboxSize = 100

//go:embed mailbox.html
var mailboxPage string

// mailboxPolicy forbids scripts and all requests. The messages' frames inherit it.
const mailboxPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'"

// mailboxEntry is a message in the JSON format.
type mailboxEntry struct {
	ID            string            `json:"id"`
	Recipient     string            `json:"recipient"`
	RecipientName string            `json:"recipientName"`
	MessageID     string            `json:"messageId"`
	Subject       string            `json:"subject"`
	Text          string            `json:"text"`
	HTML          string            `json:"html"`
	Status        db.DeliveryStatus `json:"status"`
	Attempts      int               `json:"attempts"`
	LastError     *string           `json:"lastError"`
	CreatedAt     time.Time         `json:"createdAt"`
	SentAt        *time.Time        `json:"sentAt"`
}

// Mailbox shows the newest mail, as a page or, if the request wants JSON, as {"messages": […]}. It is for development only:
// it knows no viewer and hides nothing, so its requests must be those of an operator.
func Mailbox(d *db.DB, wantsJSON func(*http.Request) bool, log *slog.Logger) http.Handler {
	page := template.Must(template.New("mailbox.html").
		Funcs(template.FuncMap{"moment": func(t time.Time) string { return moment(t.UTC()) }}).
		Parse(mailboxPage))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the mailbox can only be read", http.StatusMethodNotAllowed)
			return
		}
		deliveries, err := recent(r.Context(), d)
		if err != nil {
			if r.Context().Err() == nil {
				log.ErrorContext(r.Context(), "cannot read mailbox", "error", err)
			}
			http.Error(w, "the mailbox is not available", http.StatusServiceUnavailable)
			return
		}
		show := showPage
		if wantsJSON(r) {
			show = showJSON
		}
		kind, body, err := show(page, entries(deliveries))
		if err != nil {
			log.ErrorContext(r.Context(), "cannot show mailbox", "error", err)
			http.Error(w, "the mailbox can't be displayed", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(body) // a client that disconnects is not an error
	})
}

// recent returns the newest deliveries. Those that bring an account link show its token if it can be used, since nobody else gets
// to see the message.
func recent(ctx context.Context, d *db.DB) ([]*db.Delivery, error) {
	deliveries, err := d.RecentDeliveries(ctx, mailboxSize)
	if err != nil {
		return nil, err
	}
	var ids []store.ID
	for _, delivery := range deliveries {
		if db.BringsLink(delivery.EventType) {
			ids = append(ids, delivery.EntityID)
		}
	}
	links, err := d.UsableLinks(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, delivery := range deliveries {
		if !db.BringsLink(delivery.EventType) {
			continue
		}
		token := "used-or-expired"
		if link := links[delivery.EntityID]; link != nil {
			token, _ = d.LinkToken(link)
		}
		delivery.Text, delivery.HTML = revealed(delivery.Text, token), revealed(delivery.HTML, token)
	}
	return deliveries, nil
}

func secure(header http.Header) {
	header.Set("Content-Security-Policy", mailboxPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
}

func entries(deliveries []*db.Delivery) []mailboxEntry {
	entries := make([]mailboxEntry, 0, len(deliveries))
	for _, d := range deliveries {
		if d.Channel != mailChannel {
			continue
		}
		entries = append(entries, mailboxEntry{
			ID: d.ID.String(), Recipient: d.Recipient, RecipientName: d.RecipientName, MessageID: d.MessageID,
			Subject: d.Subject, Text: d.Text, HTML: d.HTML, Status: d.Status, Attempts: d.Attempts,
			LastError: d.LastError, CreatedAt: d.CreatedAt, SentAt: d.SentAt,
		})
	}
	return entries
}

func showPage(page *template.Template, entries []mailboxEntry) (kind string, body []byte, err error) {
	var buffer bytes.Buffer
	err = page.Execute(&buffer, entries)
	return "text/html; charset=utf-8", buffer.Bytes(), err
}

func showJSON(_ *template.Template, entries []mailboxEntry) (kind string, body []byte, err error) {
	body, err = json.Marshal(map[string]any{"messages": entries})
	return "application/json; charset=utf-8", body, err
}
