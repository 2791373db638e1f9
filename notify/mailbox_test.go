package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crm/db"
	"crm/notify/mail"
)

func wantsJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

func TestMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	handler := Mailbox(w.db, wantsJSON, discard())
	get := func(method, accept string) *httptest.ResponseRecorder {
		request := httptest.NewRequest(method, "/dev/mailbox", nil)
		request.Header.Set("Accept", accept)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		return recorder
	}
	contains(t, get(http.MethodGet, "text/html").Body.String(), "There is no mail yet")
	contains(t, get(http.MethodGet, "application/json").Body.String(), `{"messages":[]}`)

	w.announce(`<script>alert("x")</script>`)
	start(t, w.db, mail.Development{})
	w.settled(2)
	page := get(http.MethodGet, "text/html,*/*")
	body := page.Body.String()
	contains(t, body, "carl@customer.example", "bob@crm.example", "Carl", "kept", `sandbox=""`,
		"New meeting: &lt;script&gt;", "&amp;lt;script&amp;gt;", "srcdoc=\"&lt;!DOCTYPE html&gt;")
	if strings.Contains(body, "<script") || strings.Contains(body, "http://") || strings.Contains(body, "https://") {
		t.Errorf("the page has scripts or links:\n%s", body)
	}
	for field, want := range map[string]string{
		"Content-Security-Policy": mailboxPolicy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Type": "text/html; charset=utf-8",
	} {
		if got := page.Header().Get(field); got != want {
			t.Errorf("%s is %q", field, got)
		}
	}
	var answer struct{ Messages []mailboxEntry }
	if err := json.Unmarshal(get(http.MethodGet, "application/json").Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Messages) != 2 || answer.Messages[0].Status != db.DeliveryKept || answer.Messages[0].SentAt != nil {
		t.Errorf("messages %+v", answer.Messages)
	}
	contains(t, answer.Messages[0].Text, `Title: <script>alert("x")</script>`)
	if code := get(http.MethodPost, "").Code; code != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", code)
	}
}

// TestMailboxDown checks that a failure of the store is reported without its error message.
func TestMailboxDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/dev/mailbox", nil)
	Mailbox(w.db, wantsJSON, discard()).ServeHTTP(recorder, request)
	if recorder.Code != http.StatusServiceUnavailable || strings.Contains(recorder.Body.String(), "sql") {
		t.Errorf("%d: %s", recorder.Code, recorder.Body)
	}
}
