package address

import (
	"strings"
	"testing"
)

// TestInbox checks which addresses are those of an inbox, and which tokens they have.
func TestInbox(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ inbox, with, email, token string }{
		{"reply+{token}@crm.example", "reply+abc@crm.example", "Reply+ABC@CRM.example", "ABC"},
		{"reply+{token}@crm.example", "reply+abc@crm.example", "reply@crm.example", ""},
		{"reply+{token}@crm.example", "reply+abc@crm.example", "reply+abc@other.example", ""},
		{"reply+{token}@crm.example", "reply+abc@crm.example", "replyabc@crm.example", ""},
		{"support@crm.example", "support@crm.example", "support+abc@crm.example", "abc"},
		{"support+crm@crm.example", "support+crm@crm.example", "support+crm@crm.example", ""},
		{"support+crm+{token}@crm.example", "support+crm+abc@crm.example", "support+crm+abc@crm.example", "abc"},
		{"reply+{token}@bücher.example", "reply+abc@xn--bcher-kva.example", "reply+abc@BÜCHER.example", "abc"},
		{"", "", "support@crm.example", ""},
	} {
		inbox, err := ParseInbox(test.inbox)
		if err != nil {
			t.Fatal(err)
		}
		if got := inbox.With("abc"); got != test.with {
			t.Errorf("%s with a token is %s, want %s", test.inbox, got, test.with)
		}
		if got := inbox.Token(test.email); got != test.token {
			t.Errorf("%s has the token %q for %s, want %q", test.email, got, test.inbox, test.token)
		}
	}
	inbox, _ := ParseInbox("reply+{token}@crm.example")
	for email, want := range map[string]bool{"reply@crm.example": true, "Reply+x@crm.example": true, "other@crm.example": false, "reply": false} {
		if inbox.Is(email) != want {
			t.Errorf("%s is the inbox: %t", email, !want)
		}
	}
	if inbox, _ = ParseInbox("reply@bücher.example"); !inbox.Is("reply@bücher.example") || !inbox.Is("reply@XN--bcher-kva.example") {
		t.Error("the domain of an inbox isn't its own in another form")
	}
	for _, wrong := range []string{"x", "{token}@crm.example", "+{token}@crm.example", "rüply@crm.example", strings.Repeat("a", 28) + "+{token}@crm.example"} {
		if _, err := ParseInbox(wrong); err == nil || !strings.HasPrefix(err.Error(), "must ") {
			t.Errorf("%s is accepted, error %v", wrong, err)
		}
	}
}
