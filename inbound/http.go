package inbound

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"crm/db/eventlog"
	"crm/inbound/message"
)

// Path is where mail is posted to.
const Path = "/inbound"

// MailgunPath is the same; Mailgun posts mail as it came only to an address that ends so.
const MailgunPath = Path + "/mime"

// formOverhead is how much larger than a mail a form with it may be.
const formOverhead = 1 << 20

// Handler returns the door for mail over HTTP: the body of a POST is the mail, or the field of a form that has it, which is what
// Postmark, Mailgun and others send. The secret is a password, with any user name, or a bearer token. A response of 5xx asks the
// sender to try again, also if MaxAtOnce mails are being received already.
func (s *Service) Handler(secret string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !authorized(r, secret) {
			w.Header().Set("WWW-Authenticate", `Basic realm="inbound"`)
			http.Error(w, "the secret is missing or wrong", http.StatusUnauthorized)
			return
		}
		select {
		case s.posted <- struct{}{}:
			defer func() { <-s.posted }()
		default:
			tryAgain(w, "too many mails are under way; try again")
			return
		}
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(sessionTimeout)) // a mail takes longer than a query
		mail, err := readRequest(http.MaxBytesReader(w, r.Body, message.MaxBytes*4/3+formOverhead), r)
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge), len(mail.Raw) > message.MaxBytes:
			s.refuseLarge(r.Context(), mail.Raw)
			http.Error(w, "the mail is too large", http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if _, err := s.Receive(r.Context(), mail); err != nil {
			if r.Context().Err() == nil {
				s.log.Error("mail can't be received now", slog.Any("error", err), eventlog.StackOf(err))
			}
			tryAgain(w, "the mail can't be received now; try again")
			return
		}
		// Also if the sender is rejected: the services tell their senders nothing. All of them understand 200, and not all 204.
		w.WriteHeader(http.StatusOK)
	})
}

// tryAgain asks the sender to post the mail again later.
func tryAgain(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "60")
	http.Error(w, why, http.StatusServiceUnavailable)
}

// authorized compares the secrets' digests, so that the time it takes says nothing about the secret.
func authorized(r *http.Request, secret string) bool {
	given, isToken := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, password, ok := r.BasicAuth(); ok && !isToken {
		given = password
	}
	want, got := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(given))
	return secret != "" && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// rawFields are the fields of the forms that have the mail as it came: of Mailgun, SendGrid and Postmark.
var rawFields = []string{"body-mime", "email", "RawEmail"}

var errNoMail = errors.New("the body must be a mail (message/rfc822), or a form or a JSON object that has one in its field body-mime, email or RawEmail")

// readRequest returns the mail in a request.
func readRequest(body io.ReadCloser, r *http.Request) (Mail, error) {
	r.Body = body
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	var mail Mail
	switch kind {
	case "multipart/form-data", "application/x-www-form-urlencoded":
		mail, err = readForm(r)
	case "application/json":
		mail, err = readJSON(r.Body)
	default:
		mail.Raw, err = io.ReadAll(r.Body)
		if bytes.HasPrefix(mail.Raw, []byte("{")) { // Amazon calls its JSON text/plain
			mail, err = readJSON(bytes.NewReader(mail.Raw))
		}
	}
	if err == nil && len(mail.Raw) == 0 {
		err = errNoMail
	}
	return mail, err
}

func readForm(r *http.Request) (Mail, error) {
	var tooLarge *http.MaxBytesError
	if err := r.ParseForm(); errors.As(err, &tooLarge) {
		return Mail{}, err
	}
	if err := r.ParseMultipartForm(message.MaxBytes * 2); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return Mail{}, err
	}
	var mail Mail
	for _, name := range rawFields {
		if text := r.PostFormValue(name); text != "" {
			mail.Raw = []byte(text)
			break
		}
	}
	if recipient := r.PostFormValue("recipient"); recipient != "" {
		mail.Recipients = strings.Split(recipient, ",")
	}
	return mail, nil
}
