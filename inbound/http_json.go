package inbound

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// readJSON reads what Postmark posts with "include raw email content", and what Amazon SNS posts of mail that SES receives.
func readJSON(body io.Reader) (Mail, error) {
	var posted struct {
		// Postmark's.
		RawEmail, OriginalRecipient string
		// Amazon's, of which Message is JSON again.
		Type, Message, SubscribeURL string
	}
	if err := json.NewDecoder(body).Decode(&posted); err != nil {
		return Mail{}, fmt.Errorf("the body isn't JSON: %w", err)
	}
	if posted.Type == "SubscriptionConfirmation" {
		return Mail{}, errors.New("confirm the subscription yourself, by opening its SubscribeURL: " + posted.SubscribeURL)
	}
	if posted.Type != "Notification" {
		mail := Mail{Raw: []byte(posted.RawEmail)}
		if posted.OriginalRecipient != "" {
			mail.Recipients = []string{posted.OriginalRecipient}
		}
		return mail, nil
	}
	var notified struct {
		Content string `json:"content"`
		Receipt struct {
			Recipients []string `json:"recipients"`
			Action     struct {
				Encoding string `json:"encoding"`
			} `json:"action"`
		} `json:"receipt"`
	}
	if err := json.Unmarshal([]byte(posted.Message), &notified); err != nil {
		return Mail{}, errors.New("the notification has no mail")
	}
	raw := []byte(notified.Content)
	if notified.Receipt.Action.Encoding == "BASE64" {
		var err error
		if raw, err = base64.StdEncoding.DecodeString(notified.Content); err != nil {
			return Mail{}, errors.New("the mail in the notification isn't Base64")
		}
	}
	return Mail{Raw: raw, Recipients: notified.Receipt.Recipients}, nil
}
